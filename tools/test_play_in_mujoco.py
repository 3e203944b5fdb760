#!/usr/bin/env python3
"""Tests of play_in_mujoco.py: python tools/test_play_in_mujoco.py. Needs gymnasium, mujoco and torch, so the Swift suite doesn't run it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import play_in_mujoco  # noqa: E402


def write(path, arrays, metadata):
    header, body = {"__metadata__": metadata}, b""
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + body)


def policy(path, env, sizes, activation="tanh", kind="gaussian", norm="none", normalised=True, low=-1.0, high=1.0, seed=0, **more):
    """A random policy as a file, and the same as a PyTorch function."""
    rng = np.random.default_rng(seed)
    arrays, modules = {}, []
    functions = {"tanh": torch.tanh, "relu": torch.relu, "elu": torch.nn.functional.elu, "sigmoid": torch.sigmoid, "softplus": torch.nn.functional.softplus}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        arrays[f"policy.{i}.weight"], arrays[f"policy.{i}.bias"] = rng.normal(size=(outputs, inputs)) / np.sqrt(inputs), rng.normal(size=outputs) * 0.1
        if norm != "none" and i < len(sizes) - 2:
            arrays[f"policy.{i}.norm.weight"], arrays[f"policy.{i}.norm.bias"] = rng.normal(size=outputs), rng.normal(size=outputs)
    metadata = {"format": "evogpu policy", "version": "1", "env": env, "layer_sizes": json.dumps(sizes), "activation": activation, "layer_norm": norm, "layer_norm_epsilon": "1e-05",
                "observation_normalised": str(normalised).lower(), "policy": kind, "action_low": json.dumps([low] * sizes[-1]), "action_high": json.dumps([high] * sizes[-1])} | more
    if normalised:
        arrays["observation.mean"], arrays["observation.variance"] = rng.normal(size=sizes[0]), rng.uniform(0.1, 2, size=sizes[0])
        metadata |= {"observation_epsilon": "1e-08", "observation_clip": "3"}
    write(path, arrays, metadata)

    def act(x):
        a = {k: torch.tensor(np.asarray(v, dtype=np.float32), dtype=torch.float64) for k, v in arrays.items()}
        x = torch.tensor(x, dtype=torch.float64)
        if normalised:
            x = torch.clamp((x - a["observation.mean"]) / torch.sqrt(a["observation.variance"] + 1e-8), -3, 3)
        for i in range(len(sizes) - 1):
            x = torch.nn.functional.linear(x, a[f"policy.{i}.weight"], a[f"policy.{i}.bias"])
            if i == len(sizes) - 2:
                break
            if norm == "pytorch":
                x = torch.nn.functional.layer_norm(x, x.shape[-1:], a[f"policy.{i}.norm.weight"], a[f"policy.{i}.norm.bias"], 1e-5)
            elif norm == "erl":
                x = a[f"policy.{i}.norm.weight"] * (x - x.mean()) / (x.std() + 1e-5) + a[f"policy.{i}.norm.bias"]
            x = functions[activation](x)
        if kind == "categorical":
            return int(torch.argmax(x))
        x = torch.tanh(x) if kind == "deterministic" else torch.clamp(x, -1, 1)
        return (low + (x + 1) / 2 * (high - low)).numpy()

    return act


class PlayTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "policy.safetensors")

    def tearDown(self):
        self.folder.cleanup()

    def run_tool(self, *arguments):
        ended = subprocess.run([sys.executable, os.path.join(here, "play_in_mujoco.py"), self.path, *arguments], capture_output=True, text=True)
        self.assertNotIn("Traceback", ended.stderr)
        return ended.returncode, ended.stdout, ended.stderr

    def test_actions_are_pytorchs(self):
        rng = np.random.default_rng(5)
        for case in (dict(), dict(activation="relu", normalised=False), dict(activation="elu", low=-2.0, high=3.0), dict(activation="sigmoid"), dict(activation="softplus"),
                     dict(kind="deterministic", norm="erl"), dict(norm="pytorch"), dict(kind="categorical")):
            with self.subTest(**case):
                wanted = policy(self.path, "Hopper-v5", [11, 16, 8, 3], **case)
                ours = play_in_mujoco.Policy(self.path)
                for x in rng.normal(size=(100, 11)) * 3:
                    np.testing.assert_allclose(ours(x), wanted(x.astype(np.float32)), atol=3e-6)   # a few float32 roundings of values below 3

    def test_a_mujoco_task_is_played_the_same_every_time(self):
        policy(self.path, "Hopper-v5", [11, 16, 3])
        status, out, _ = self.run_tool("--episodes", "3", "--json")
        self.assertEqual(status, 0)
        first = json.loads(out)
        self.assertEqual(first["env"], "Hopper-v5")
        self.assertEqual(json.loads(self.run_tool("--episodes", "3", "--json")[1]), first)
        self.assertNotEqual(json.loads(self.run_tool("--episodes", "3", "--json", "--seed", "9")[1])["mean"], first["mean"])
        more = json.loads(self.run_tool("--episodes", "3", "--json", "--set", "healthy_reward=3")[1])
        self.assertAlmostEqual(more["mean"] - first["mean"], 2 * (first["mean_length"] - 1))   # the last step of each fall is not healthy
        policy(self.path, "Hopper-v5", [11, 16, 3], env_settings='{"healthy_reward": 3, "healthy_z_range": [0.7, null], "time_limit": 5}')
        short = json.loads(self.run_tool("--episodes", "3", "--json")[1])
        self.assertEqual((short["mean_length"], short["min"] > 10), (5, True))

    def test_contact_forces_of_ant_v4(self):
        for settings, wanted in (({"include_cfrc_ext_in_observation": True, "contact_cost_weight": 0.0005}, {"use_contact_forces": True, "contact_cost_weight": 0.0005}),
                                 ({"include_cfrc_ext_in_observation": True}, {"use_contact_forces": True, "contact_cost_weight": 0}), ({}, {})):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "ant.safetensors")
                policy(path, "Ant-v4", [111 if settings else 27, 8], env_settings=json.dumps(settings))
                loaded = play_in_mujoco.Policy(path)
            self.assertEqual(play_in_mujoco.arguments(loaded), wanted)
            play_in_mujoco.play(loaded, 1, 1, {"max_episode_steps": 3})   # Gymnasium takes them, and the sizes fit

    def test_agreement(self):
        policy(self.path, "Pendulum-v1", [3, 8, 1], low=-2.0, high=2.0, return_mean="-5000", return_standard_error="1", return_episodes="9")
        result = json.loads(self.run_tool("--episodes", "10", "--json")[1])
        mean, error = result["mean"], result["standard_error"]
        self.assertEqual(self.run_tool("--episodes", "10", "--expect", str(mean + 2.9 * error), "0")[0], 0)
        self.assertEqual(self.run_tool("--episodes", "10", "--expect", str(mean + 3.1 * error), "0")[0], 1)
        self.assertEqual(self.run_tool("--episodes", "10", "--expect", str(mean - 3.1 * error), str(error))[0], 0)
        status, out, _ = self.run_tool("--episodes", "10", "--expect", "recorded")
        self.assertEqual(status, 1)
        self.assertIn("BEYOND 3", out)

    def test_refusals(self):
        policy(self.path, "Hopper-v5", [12, 8, 3])
        status, _, error = self.run_tool("--episodes", "2")
        self.assertEqual((status, error.count("\n")), (1, 1))
        self.assertIn("11 observations and the policy takes 12", error)
        for env, sentence in (("Hopper-hilly", "Gymnasium has no Hopper-hilly"), ("mine.json", "for the model mine.json"), ("Hoper-v5", "Gymnasium can't make Hoper-v5")):
            policy(self.path, env, [11, 8, 3])
            status, _, error = self.run_tool("--episodes", "2")
            self.assertEqual(status, 1)
            self.assertIn(sentence, error)
        with open(self.path, "wb") as file:
            file.write(b"\xff" * 40)
        self.assertEqual(self.run_tool()[0], 1)
        write(self.path, {"a": np.zeros(3)}, {})
        self.assertIn("not a policy", self.run_tool()[2])


if __name__ == "__main__":
    unittest.main()
