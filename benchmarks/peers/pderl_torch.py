# Measures PDERL's parts in PyTorch as the published code writes them (crisbodnar/pderl: core/ddpg.py and core/mod_neuro_evo.py), restated:
#   ddpg_update         one update of actor, critic and both targets, batch 128
#   distillation        one child with a full memory of 8,000, 12 epochs of 62 batches; parents and critic see every batch anew
#   proximal_mutation   one mutant, 256 states, one backward pass for each of 6 actions
#   generation          with --generation: 10 policies and the learner for one episode each, the champion's and the learner's five test
#                       episodes, as many updates as frames, 4 children, 9 mutants (about two minutes)
# Transitions lie in tensors, where the published code keeps lists of tuples: the forms without "published_memory" are faster than it is.
import argparse
import copy
import random
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import common


class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(features))
        self.beta = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        return self.gamma * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + self.eps) + self.beta


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        n, a, hidden = common.PDERL_SHAPE["observations"], common.PDERL_SHAPE["actions"], common.PDERL_SHAPE["hidden"]
        self.l1, self.n1, self.l2, self.n2, self.out = nn.Linear(n, hidden), LayerNorm(hidden), nn.Linear(hidden, hidden), LayerNorm(hidden), nn.Linear(hidden, a)

    def forward(self, x):
        x = self.n1(self.l1(x)).tanh()
        x = self.n2(self.l2(x)).tanh()
        return self.out(x).tanh()

    def matrices(self):
        return [p for p in self.parameters() if p.dim() == 2]


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        n, a, (first, second) = common.PDERL_SHAPE["observations"], common.PDERL_SHAPE["actions"], common.PDERL_SHAPE["critic"]
        self.state, self.action, self.l2, self.n2, self.out = nn.Linear(n, first), nn.Linear(a, first), nn.Linear(2 * first, second), LayerNorm(second), nn.Linear(second, 1)
        self.out.weight.data.mul_(0.1)
        self.out.bias.data.mul_(0.1)

    def forward(self, state, action):
        x = torch.cat((F.elu(self.state(state)), F.elu(self.action(action))), 1)
        return self.out(F.elu(self.n2(self.l2(x))))


def soft_update(target, source, tau=1e-3):
    for t, s in zip(target.parameters(), source.parameters()):
        t.data.copy_(t.data * (1.0 - tau) + s.data * tau)


class Learner:
    def __init__(self):
        self.actor, self.critic = Actor(), Critic()
        self.actor_target, self.critic_target = copy.deepcopy(self.actor), copy.deepcopy(self.critic)
        self.actor_optim = torch.optim.Adam(self.actor.parameters(), lr=5e-5)
        self.critic_optim = torch.optim.Adam(self.critic.parameters(), lr=5e-4)

    def update(self, state, action, next_state, reward, done):
        next_q = self.critic_target(next_state, self.actor_target(next_state)) * (1 - done)
        target = reward + (0.99 * next_q).detach()
        self.critic_optim.zero_grad()
        loss = ((self.critic(state, action) - target).abs() ** 2).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.critic.parameters(), 10)
        self.critic_optim.step()
        self.actor_optim.zero_grad()
        loss = -self.critic(state, self.actor(state)).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.actor.parameters(), 10)
        self.actor_optim.step()
        soft_update(self.actor_target, self.actor)
        soft_update(self.critic_target, self.critic)


class Memory:
    def __init__(self, rows):
        self.arrays = [torch.from_numpy(a) for a in rows]

    def __len__(self):
        return len(self.arrays[0])

    def sample(self, count):
        chosen = torch.randperm(len(self))[:count] if len(self) <= 8000 else torch.from_numpy(np.array(random.sample(range(len(self)), count)))
        return [a[chosen] for a in self.arrays]


class ListMemory:
    """As published: a list of tuples, stacked for every batch."""

    def __init__(self, rows):
        tensors = [torch.from_numpy(a) for a in rows]
        self.rows = [tuple(t[i] for t in tensors) for i in range(len(tensors[0]))]

    def sample(self, count):
        return [torch.stack(column) for column in zip(*random.sample(self.rows, count))]


def distil(first, second, critic, memory, epochs=12, batch=128):
    child = copy.deepcopy(second)
    optimiser = torch.optim.Adam(child.parameters(), lr=1e-3)
    for _ in range(epochs):
        for _ in range(len(memory) // batch):
            state = memory.sample(batch)[0]
            a1, a2 = first(state), second(state)
            q1, q2 = critic(state, a1).flatten(), critic(state, a2).flatten()
            better = q1 - q2 > 0
            action = torch.cat((a1[better], a2[~better])).detach()
            state = torch.cat((state[better], state[~better]))
            optimiser.zero_grad()
            mu = child(state)
            loss = ((mu - action) ** 2).sum() + (mu**2).mean()
            loss.backward()
            optimiser.step()
    return child


def mutate(actor, memory, sigma=0.1, states=256):
    state = memory.sample(states)[0]
    output = actor(state)
    matrices = actor.matrices()
    total = [torch.zeros_like(m) for m in matrices]
    for column in range(output.shape[1]):
        actor.zero_grad()
        g = torch.zeros_like(output)
        g[:, column] = 1.0
        output.backward(g, retain_graph=True)
        for t, m in zip(total, matrices):
            t += m.grad**2
    with torch.no_grad():
        for t, m in zip(total, matrices):
            scale = t.sqrt()
            scale[scale == 0] = 1.0
            scale[scale < 0.01] = 0.01
            m += sigma * torch.randn_like(m) / scale


def generation():
    """Seconds of the parts of one generation."""
    import gymnasium

    env, seconds = gymnasium.make("HalfCheetah-v5"), {}
    population, learner, replay, memories = [Actor() for _ in range(10)], Learner(), [], [[] for _ in range(10)]

    def episode(actor, *keep, noise=0.0):
        state, total = env.reset()[0], 0.0
        while True:
            action = actor(torch.as_tensor(state, dtype=torch.float32).reshape(1, -1)).data.numpy().flatten()
            action = np.clip(action + noise * np.random.randn(len(action)), -1, 1).astype(np.float32)
            next_state, reward, terminated, truncated, _ = env.step(action)
            for memory in keep:
                memory.append((state, action, next_state, [reward], [float(terminated or truncated)]))
            state, total = next_state, total + reward
            if terminated or truncated:
                return total

    def timed(name, call):
        start = time.perf_counter()
        result = call()
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
        return result

    def tensors(rows):
        return Memory([np.asarray(column, dtype=np.float32) for column in zip(*rows)])

    fitness = timed("population", lambda: [episode(a, replay, m) for a, m in zip(population, memories)])
    best = int(np.argmax(fitness))
    timed("tests", lambda: [episode(population[best]) for _ in range(5)])
    # The memories of a run under way are full; what a first generation lacks is filled up with other policies' rows.
    full = tensors((replay * 8)[:8000])
    ranks = np.argsort(fitness)[::-1]
    children = timed("distillation", lambda: [distil(population[ranks[0]], population[ranks[i + 1]], learner.critic, full) for i in range(4)])
    for child, slot in zip(children, ranks[-4:]):
        population[slot] = child
    timed("mutation", lambda: [mutate(population[i], full) for i in ranks[1:]])
    timed("learner", lambda: episode(learner.actor, replay, noise=0.1))
    rows = tensors(replay)
    timed("updates", lambda: [learner.update(*rows.sample(128)) for _ in range(len(rows))])
    timed("tests", lambda: [episode(learner.actor) for _ in range(5)])
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="per form")
    parser.add_argument("--generation", action="store_true", help="time a whole generation too (two minutes)")
    args = parser.parse_args()
    common.use_cpus(args.threads)
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    random.seed(1)

    def report(name, form, stats, flops, **more):
        common.report(name, "torch", torch.__version__, form, common.PDERL_SHAPE, args.threads, stats, flops, **more)

    learner, rows = Learner(), common.pderl_rows(100_000)
    replay = Memory(rows)
    report("ddpg_update", "published", common.measure(lambda: learner.update(*replay.sample(128)), args.seconds), common.pderl_update_flops())
    published = ListMemory([a[:20_000] for a in rows])
    report("ddpg_update", "published_memory", common.measure(lambda: learner.update(*published.sample(128)), args.seconds), common.pderl_update_flops())
    batch = replay.sample(128)
    report("ddpg_update", "batch_at_hand", common.measure(lambda: learner.update(*batch), args.seconds), common.pderl_update_flops())

    genetic, first, second = Memory([a[:8000] for a in rows]), Actor(), Actor()
    report("proximal_mutation", "published", common.measure(lambda: mutate(Actor(), genetic), args.seconds), common.pderl_mutation_flops(), each=1)
    report("distillation", "published", common.measure(lambda: distil(first, second, learner.critic, genetic), args.seconds, warmup=0, tries=1, least=2), common.pderl_distillation_flops(), each=1)

    if args.generation:
        since, start = common.busy_elsewhere(), time.perf_counter()
        parts = generation()
        stats = common.statistics([sum(parts.values())], since, time.perf_counter() - start)
        report("generation", "published", stats, common.pderl_update_flops() * 11_000, parts=parts)


if __name__ == "__main__":
    main()
