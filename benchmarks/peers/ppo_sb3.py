# Measures Stable-Baselines3 PPO on Pendulum-v1 (CPU), against our PPO training
# loop with one policy: 8 environments x 256 steps, 10 epochs, batches of 256,
# separate 64-64 tanh networks for policy and value. The figure is environment
# steps per second, updates included, for each vector environment and torch
# thread count; the fastest one is the fair opponent.
import argparse
import json
import time

import gymnasium as gym
import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

import common

ENVS, STEPS, EPOCHS, BATCH = 8, 256, 10, 256
VEC_ENVS = {"DummyVecEnv": DummyVecEnv, "SubprocVecEnv": SubprocVecEnv}


class Clock(BaseCallback):
    """Notes when each rollout starts and ends, and when training ends."""

    def _on_training_start(self):
        self.starts, self.ends = [], []

    def _on_rollout_start(self):
        self.starts.append(time.perf_counter())

    def _on_rollout_end(self):
        self.ends.append(time.perf_counter())

    def _on_training_end(self):
        self.starts.append(time.perf_counter())

    def _on_step(self):
        return True


def make_env():
    return gym.make("Pendulum-v1", disable_env_checker=True)


def train(vec_env, threads, iterations):
    """Seconds of each iteration and of its rollout, after one warm-up iteration."""
    torch.set_num_threads(threads)
    env = VEC_ENVS[vec_env]([make_env] * ENVS)
    try:
        model = PPO(
            "MlpPolicy", env, n_steps=STEPS, n_epochs=EPOCHS, batch_size=BATCH, seed=1, device="cpu",
            policy_kwargs={"net_arch": {"pi": [64, 64], "vf": [64, 64]}, "activation_fn": torch.nn.Tanh},
        )
        clock = Clock()
        model.learn((1 + iterations) * ENVS * STEPS, callback=clock)
    finally:
        env.close()
    starts, ends = np.array(clock.starts), np.array(clock.ends)
    return np.diff(starts)[1:], (ends - starts[:-1])[1:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2, help="most torch threads to try")
    parser.add_argument("--iterations", type=int, default=10, help="measured, after one of warm-up")
    args = parser.parse_args()
    common.use_cpus(args.threads)

    for vec_env in VEC_ENVS:
        for threads in sorted({1, args.threads}):
            since, begin = common.busy_elsewhere(), time.perf_counter()
            times, rollouts = train(vec_env, threads, args.iterations)
            if vec_env == "SubprocVecEnv":
                since = None  # the environments' own processes would count as others
            stats = common.statistics(times, since, time.perf_counter() - begin)
            print(json.dumps({
                "name": "ppo_pendulum",
                "library": "stable-baselines3",
                "version": sb3.__version__,
                "torch": torch.__version__,
                "gymnasium": gym.__version__,
                "form": vec_env,
                "shape": {"envs": ENVS, "n_steps": STEPS, "n_epochs": EPOCHS, "batch_size": BATCH,
                          "net": [64, 64]},
                "threads": threads,
                **stats,
                "rollout_median_s": float(np.median(rollouts)),
                "update_median_s": float(np.median(times - rollouts)),
                "env_steps_per_s": ENVS * STEPS * len(times) / float(times.sum()),
            }), flush=True)


if __name__ == "__main__":
    main()
