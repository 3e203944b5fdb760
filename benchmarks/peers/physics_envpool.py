# Measures environment steps per second of MuJoCo's tasks under random actions, on the CPU: EnvPool (its own C++ around MuJoCo, some
# threads) in the synchronous form and in the asynchronous one at several batch sizes, and a plain loop of MuJoCo's mj_step on one thread,
# which computes no observation and no reward. Compare with our `evogpu bench envs`, which has observations, rewards and resets in it.
#
# EnvPool brings a MuJoCo of its own, and resets ended environments by itself; a reset counts as a step there, as it takes the place of one.
import argparse
import json
import time

import common

# Steps after which random actions have typically ended an episode: mj_step starts anew then, as environments do.
EPISODES = {"HalfCheetah": 1000, "Swimmer": 1000, "Hopper": 22, "Walker2d": 20, "Ant": 100, "Humanoid": 22}
TASKS = list(EPISODES)


def rate(call, steps_per_call, seconds, tries, warmup_calls=1):
    """Steps per second of the quietest of some tries: calls for `seconds` each, after a warm-up of a fifth of that or some calls."""
    end, calls = time.perf_counter() + seconds / 5, 0
    while time.perf_counter() < end or calls < warmup_calls:
        call()
        calls += 1
    best = None
    for _ in range(tries):
        times, since, begin = [], common.busy_elsewhere(), time.perf_counter()
        while time.perf_counter() < begin + seconds:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        took = time.perf_counter() - begin
        line = common.statistics(times, since, took) | {"env_steps_per_s": len(times) * steps_per_call / took}
        if best is None or line.get("other_cpus", 0) < best.get("other_cpus", 0):
            best = line
        if best.get("other_cpus", 0) < 0.1:
            break
    return best


def report(task, library, version, form, threads, line, **more):
    print(json.dumps({"name": "physics_steps", "task": task, "library": library, "version": version, "form": form, "threads": threads} | line | more), flush=True)


def envpool_lines(task, environments, batches, threads, seconds, tries):
    import envpool
    import numpy as np

    def actions(env, count):
        rng, space = np.random.default_rng(0), env.action_space
        return [rng.uniform(space.low, space.high, (count, *space.shape)) for _ in range(16)]

    def measure(batch, form):
        env = envpool.make(f"{task}-v5", env_type="gymnasium", num_envs=environments, batch_size=batch, num_threads=threads, seed=1)
        try:
            todo, turn = actions(env, batch), 0
            if form == "sync":
                env.reset()

                def call():
                    nonlocal turn
                    turn += 1
                    env.step(todo[turn % 16])
            else:
                env.async_reset()

                def call():
                    nonlocal turn
                    turn += 1
                    ids = env.recv()[-1]["env_id"]
                    env.send(todo[turn % 16], ids)
            report(task, "envpool", envpool.__version__, form, threads, rate(call, batch, seconds, tries, warmup_calls=2 * environments // batch), environments=environments, batch=batch)
        finally:
            env.close()

    measure(environments, "sync")
    for batch in batches:
        measure(batch, "async")


def mujoco_line(task, seconds, tries):
    import gymnasium
    import mujoco
    import numpy as np

    env = gymnasium.make(f"{task}-v5").unwrapped
    model, data, skip = env.model, mujoco.MjData(env.model), env.frame_skip
    rng, start = np.random.default_rng(0), env.init_qpos.copy()
    low, high = model.actuator_ctrlrange.T
    todo, turn, span = rng.uniform(low, high, (256, model.nu)), 0, EPISODES[task]

    def call():
        nonlocal turn
        mujoco.mj_resetData(model, data)
        data.qpos[:] = start
        for _ in range(span):
            turn += 1
            data.ctrl[:] = todo[turn % 256]
            mujoco.mj_step(model, data, nstep=skip)

    report(task, "mujoco", mujoco.__version__, "mj_step", 1, rate(call, span, seconds, tries), environments=1, solver_iterations=int(model.opt.iterations))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2, help="of EnvPool; mj_step runs on one")
    parser.add_argument("--environments", type=int, default=1024)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256, 512], help="batch sizes of the asynchronous form")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--tries", type=int, default=3, help="at most so often while other processes disturb")
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    options = parser.parse_args()
    common.use_cpus(options.threads)
    for task in options.tasks:
        envpool_lines(task, options.environments, [b for b in options.batches if b < options.environments], options.threads, options.seconds, options.tries)
        mujoco_line(task, options.seconds, options.tries)


main()
