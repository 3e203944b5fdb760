#!/usr/bin/env python3
"""Plays a policy that `evogpu export` wrote in Gymnasium's own environment, MuJoCo's tasks included, by its most probable action.

    evogpu export runs/mine --out policy.safetensors                        prints the mean return in our environment, with its standard error
    tools/play_in_mujoco.py policy.safetensors --episodes 100               the same in Gymnasium's
    tools/play_in_mujoco.py policy.safetensors --expect 3214.1 12.2         exit status 1 unless both agree within 3 standard errors
    tools/play_in_mujoco.py policy.safetensors --expect recorded            the same with the figures in the file

Needs Python 3.10 with numpy and gymnasium (for MuJoCo's tasks also mujoco): benchmarks/peers/setup.sh installs them.
"""
import argparse
import json
import math
import sys

import numpy as np

ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(x, 0),
}
TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8"}


def read_safetensors(path):
    """(arrays by name, metadata): eight bytes of header length, a JSON header, the arrays."""
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise SystemExit(f"{path}: not a whole safetensors file")
    try:
        header = json.loads(data[8:8 + length])
    except ValueError:
        raise SystemExit(f"{path}: not a safetensors file")
    metadata, body, arrays = header.pop("__metadata__", {}), data[8 + length:], {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(body[begin:end], dtype=TYPES[entry["dtype"]])
        if values.size != math.prod(entry["shape"]):
            raise SystemExit(f"{path}: array {name} is cut short")
        arrays[name] = values.reshape(entry["shape"])
    return arrays, metadata


class Policy:
    """The file's policy: observation in, action out, in float32 as it was trained."""

    def __init__(self, path):
        arrays, about = read_safetensors(path)
        if about.get("format") != "evogpu policy" or about.get("version") != "1":
            raise SystemExit(f"{path}: not a policy that evogpu export wrote (format {about.get('format')!r}, version {about.get('version')!r}; accepted: 'evogpu policy', '1')")
        self.about, self.env = about, about["env"]
        self.sizes = json.loads(about["layer_sizes"])
        self.activation, self.norm = ACTIVATIONS[about["activation"]], about["layer_norm"]
        self.epsilon = float(about.get("layer_norm_epsilon", 0))
        self.layers = []
        for i, (inputs, outputs) in enumerate(zip(self.sizes, self.sizes[1:])):
            weight, bias = arrays[f"policy.{i}.weight"], arrays[f"policy.{i}.bias"]
            if weight.shape != (outputs, inputs) or bias.shape != (outputs,):
                raise SystemExit(f"{path}: layer {i} is {weight.shape} with a bias of {bias.shape}; layer_sizes say {outputs} x {inputs}")
            scale = (arrays[f"policy.{i}.norm.weight"], arrays[f"policy.{i}.norm.bias"]) if self.norm != "none" and i < len(self.sizes) - 2 else None
            self.layers.append((weight, bias, scale))
        self.mean = self.deviation = None
        if about["observation_normalised"] == "true":
            self.mean = arrays["observation.mean"]
            self.deviation = np.sqrt(arrays["observation.variance"] + np.float32(about["observation_epsilon"]))
            self.limit = np.float32(about["observation_clip"])
        self.kind = about["policy"]
        if self.kind != "categorical":
            self.low, self.high = (np.array(json.loads(about[k]), dtype=np.float32) for k in ("action_low", "action_high"))

    def __call__(self, observation):
        x = np.asarray(observation, dtype=np.float32)
        if self.mean is not None:
            x = np.clip((x - self.mean) / self.deviation, -self.limit, self.limit)
        for i, (weight, bias, scale) in enumerate(self.layers):
            x = weight @ x + bias
            if scale is not None:
                centred = x - x.mean()
                spread = np.sqrt(np.mean(centred**2) + self.epsilon) if self.norm == "pytorch" else np.sqrt(np.sum(centred**2) / (x.size - 1)) + self.epsilon
                x = (scale[0] * (centred / spread) + scale[1]).astype(np.float32)
            if i < len(self.layers) - 1:
                x = self.activation(x)
        if self.kind == "categorical":
            return int(np.argmax(x))
        x = np.tanh(x) if self.kind == "deterministic" else np.clip(x, -1, 1)
        return self.low + (x + 1) / 2 * (self.high - self.low)


def arguments(policy):
    """What the policy's environment was set to, as arguments of gymnasium.make."""
    if policy.env.endswith(".json"):
        raise SystemExit(f"the policy is for the model {policy.env}, which Gymnasium doesn't have")
    if policy.env.endswith("-hilly"):
        raise SystemExit(f"Gymnasium has no {policy.env}; environments without hills are accepted")
    settings = json.loads(policy.about.get("env_settings", "{}"))
    if "time_limit" in settings:
        settings["max_episode_steps"] = settings.pop("time_limit")
    if policy.env == "Ant-v4":   # one switch for what are two settings here
        if settings.pop("include_cfrc_ext_in_observation", False):
            settings = {"contact_cost_weight": 0} | settings | {"use_contact_forces": True}
        elif "contact_cost_weight" in settings:
            raise SystemExit("Gymnasium's Ant-v4 has no contact cost without contact forces in the observation; the policy's environment had that")
    for key, value in settings.items():
        if key.endswith("_range"):   # open ends are null in JSON
            settings[key] = tuple(end if end is not None else limit for end, limit in zip(value, (-math.inf, math.inf)))
    return settings


def play(policy, episodes, seed, settings):
    import gymnasium

    try:
        env = gymnasium.make(policy.env, **(arguments(policy) | settings))
    except (gymnasium.error.Error, TypeError) as error:
        raise SystemExit(f"Gymnasium can't make {policy.env}: {error}")
    size = int(np.prod(env.observation_space.shape))
    if size != policy.sizes[0]:
        raise SystemExit(f"{policy.env} has {size} observations and the policy takes {policy.sizes[0]}; give the settings that it was trained with by --set")
    returns, lengths = [], []
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed + episode)
        total, length, over = 0.0, 0, False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            total, length, over = total + float(reward), length + 1, terminated or truncated
        returns.append(total)
        lengths.append(length)
    return np.array(returns), np.array(lengths)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="what `evogpu export` wrote")
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="episode i starts from Gymnasium's state of seed + i (default 1)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an argument of gymnasium.make, its value as JSON; may be repeated")
    parser.add_argument("--expect", nargs="+", metavar="MEAN SE", help="a mean return and its standard error, or the word recorded for the file's; exit status 1 unless they agree")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.episodes < 2:
        parser.error(f"--episodes is {options.episodes}; accepted: a whole number from 2")
    policy, settings = Policy(options.file), {}
    for text in options.set:
        key, _, value = text.partition("=")
        try:
            settings[key] = json.loads(value)
        except ValueError:
            parser.error(f"--set {text}: key=value with a JSON value is accepted")
    expected = None
    if options.expect == ["recorded"]:
        if "return_mean" not in policy.about:
            raise SystemExit(f"{options.file}: no return is recorded in it; export it with --episodes")
        expected = float(policy.about["return_mean"]), float(policy.about["return_standard_error"])
    elif options.expect:
        try:
            mean, error = map(float, options.expect)
        except ValueError:
            parser.error("--expect takes a mean and its standard error, or the word recorded")
        expected = mean, error

    returns, lengths = play(policy, options.episodes, options.seed, settings)
    mean, error = float(returns.mean()), float(returns.std(ddof=1) / math.sqrt(len(returns)))
    result = {"env": policy.env, "episodes": len(returns), "mean": mean, "standard_error": error, "min": float(returns.min()), "max": float(returns.max()),
              "mean_length": float(lengths.mean())}
    if expected:
        difference, scale = mean - expected[0], math.hypot(error, expected[1])
        # Where every episode has the same return the standard errors are 0; float32 sums may then differ in the last digits.
        agree = abs(difference) <= 3 * scale + 1e-5 * (1 + abs(mean))
        result |= {"expected_mean": expected[0], "expected_standard_error": expected[1], "z": difference / scale if scale else 0.0, "agree": agree}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{policy.env} in Gymnasium: mean return {mean:.2f}, standard error {error:.2f} over {len(returns)} episodes (min {returns.min():.2f}, max {returns.max():.2f}, mean length {lengths.mean():.1f})")
        if expected:
            print(f"expected {expected[0]:.2f} with standard error {expected[1]:.2f}: a difference of {difference:+.2f}, {result['z']:+.2f} standard errors, {'within' if agree else 'BEYOND'} 3")
    sys.exit(0 if not expected or agree else 1)


if __name__ == "__main__":
    main()
