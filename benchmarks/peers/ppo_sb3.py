# Measures Stable-Baselines3 PPO (CPU) against our own training loops, with their
# environments, batches, epochs and tanh networks: Pendulum-v1 as in `bench ppo`
# and HalfCheetah-v5 as in the mutation of `bench gpo`. The figure is environment
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

WORKLOADS = {
    "ppo_pendulum": {"env": "Pendulum-v1", "envs": 8, "n_steps": 256, "n_epochs": 10, "batch_size": 256, "pi": [64, 64], "vf": [64, 64]},
    "ppo_half_cheetah": {"env": "HalfCheetah-v5", "envs": 16, "n_steps": 128, "n_epochs": 10, "batch_size": 2048, "pi": [64, 64], "vf": [32, 32]},
}
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


def train(work, vec_env, threads, iterations):
    """Seconds of each iteration and of its rollout, after one warm-up iteration."""
    torch.set_num_threads(threads)
    env = VEC_ENVS[vec_env]([lambda: gym.make(work["env"], disable_env_checker=True)] * work["envs"])
    try:
        model = PPO(
            "MlpPolicy", env, n_steps=work["n_steps"], n_epochs=work["n_epochs"], batch_size=work["batch_size"], seed=1, device="cpu",
            policy_kwargs={"net_arch": {"pi": work["pi"], "vf": work["vf"]}, "activation_fn": torch.nn.Tanh},
        )
        clock = Clock()
        model.learn((1 + iterations) * work["envs"] * work["n_steps"], callback=clock)
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

    for name, work in WORKLOADS.items():
        for vec_env in VEC_ENVS:
            for threads in sorted({1, args.threads}):
                since, begin = common.busy_elsewhere(), time.perf_counter()
                times, rollouts = train(work, vec_env, threads, args.iterations)
                if vec_env == "SubprocVecEnv":
                    since = None  # the environments' own processes would count as others
                stats = common.statistics(times, since, time.perf_counter() - begin)
                print(json.dumps({
                    "name": name,
                    "library": "stable-baselines3",
                    "version": sb3.__version__,
                    "torch": torch.__version__,
                    "gymnasium": gym.__version__,
                    "form": vec_env,
                    "shape": work,
                    "threads": threads,
                    **stats,
                    "rollout_median_s": float(np.median(rollouts)),
                    "update_median_s": float(np.median(times - rollouts)),
                    "env_steps_per_s": work["envs"] * work["n_steps"] * len(times) / float(times.sum()),
                }), flush=True)


if __name__ == "__main__":
    main()
