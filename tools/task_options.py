#!/usr/bin/env python3
"""Steps of Gymnasium's MuJoCo tasks under options other than the defaults, versions 4 and 5: what GymnasiumOptionTests compare with.

    tools/task_options.py > Tests/EvoGPUTests/Fixtures/task-options.json

Every case has the options as Gymnasium and as evogpu take them, and per state: qpos, qvel and action before (all of them float32 numbers),
the observation right after that state was set, and what one step gives, with MuJoCo's solver fully converged.
"""
import json

import gymnasium
import mujoco
import numpy as np

gymnasium.logger.min_level = gymnasium.logger.ERROR

RUNNER = [{"exclude_current_positions_from_observation": False}, {"forward_reward_weight": 2.5, "ctrl_cost_weight": 0.3}]
HEALTH = [{"terminate_when_unhealthy": False}, {"healthy_reward": 3.0, "healthy_z_range": (0.9, 1.35)}]
FLAGS = [f"include_{part}_in_observation" for part in ("cinert", "cvel", "qfrc_actuator", "cfrc_ext")]
CASES = {
    "InvertedPendulum": ([{}], [{}]),
    "InvertedDoublePendulum": ([{}], [{}, {"healthy_reward": 3.0}]),
    "Reacher": ([{}], [{}, {"reward_dist_weight": 2.0, "reward_control_weight": 0.25}]),
    "Swimmer": ([{}] + RUNNER, [{}] + RUNNER),
    "HalfCheetah": ([{}] + RUNNER, [{}] + RUNNER),
    "Hopper": tuple([[{}] + RUNNER + HEALTH + [{"healthy_angle_range": (-0.05, 0.3)}, {"healthy_state_range": (-4.0, 6.0)}]] * 2),
    "Walker2d": tuple([[{}] + RUNNER + HEALTH + [{"healthy_angle_range": (-0.1, 0.4)}]] * 2),
    "Ant": (
        [{}, RUNNER[0], {"ctrl_cost_weight": 0.2}, {"terminate_when_unhealthy": False}, {"healthy_z_range": (0.5, 0.7), "healthy_reward": 2.0}, {"use_contact_forces": True},
         {"use_contact_forces": True, "contact_cost_weight": 0.01, "contact_force_range": (-20.0, 30.0), "exclude_current_positions_from_observation": False}],
        [{}] + RUNNER + [{"terminate_when_unhealthy": False}, {"healthy_z_range": (0.5, 0.7), "healthy_reward": 2.0}, {"include_cfrc_ext_in_observation": False},
                         {"contact_cost_weight": 0.01, "contact_force_range": (-20.0, 30.0)}]),
    "Humanoid": (
        [{}] + RUNNER + [{"terminate_when_unhealthy": False}, {"healthy_z_range": (1.2, 1.4), "healthy_reward": 2.0}],
        [{}] + RUNNER + [{"terminate_when_unhealthy": False}, {"healthy_z_range": (1.2, 1.4), "healthy_reward": 2.0}, {"contact_cost_weight": 1e-3, "contact_cost_range": (2.0, 40.0)}]
        + [{flag: False} for flag in FLAGS] + [dict.fromkeys(FLAGS, False) | RUNNER[0]]),
}


def setting(key, value):
    return f"{key}={json.dumps(list(value) if isinstance(value, tuple) else value)}"


def ours(options):
    """The settings for the same; version 4's Ant has one switch for what are two settings here."""
    options = dict(options)
    if options.pop("use_contact_forces", False):
        options = {"contact_cost_weight": 5e-4, "include_cfrc_ext_in_observation": True} | options
    return [setting(key, value) for key, value in options.items()]


def states(model, rng):
    """Upright, tilted, low and fast ones."""
    free = model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE
    for k in (0, 3, 5) if model.nv > 20 else range(6):
        qpos, qvel = model.qpos0 + rng.uniform(-0.1, 0.1, model.nq), rng.uniform(-1, 1, model.nv) * (1 if k < 4 else 4)
        if free:
            qpos[:2], qpos[2] = (3, -2), model.qpos0[2] - (0, 0, 0.25, 0.5, 0.1, -0.7)[k]
            qpos[7:] = rng.uniform(model.jnt_range[1:, 0], model.jnt_range[1:, 1]) * (0.3 if k < 3 else 0.9)
        elif k in (2, 3):
            qpos[1:] += rng.uniform(-0.5, 0.5, model.nq - 1)
        yield [x.astype(np.float32).astype(float) for x in (qpos, qvel, rng.uniform(-1.2, 1.2, model.nu))]


def numbers(values):
    return [float(f"{x:.8g}") for x in values]


def step(env, qpos, qvel, action):
    """The observation at a state, and what a step from there gives."""
    env.reset(seed=0)
    env.set_state(qpos, qvel)
    return (env._get_obs(), *env.step(action)[:3])


def edges(env, height, angle, raised):
    """Two states for each bound of the healthy ranges, legs off the ground: a step from one ends some 1e-5 within it, from the other as far beyond."""
    model, still = env.model, np.zeros(env.model.nu)
    for dof, bounds in ((height, getattr(env, "_healthy_z_range", ())), (angle, getattr(env, "_healthy_angle_range", ()))):
        for bound in bounds:
            if dof is None or not np.isfinite(bound):
                continue
            qpos, qvel = model.qpos0.copy(), np.zeros(model.nv)
            qpos[raised] = -1.6
            qpos[dof] = bound
            speeds = [-2.0, 2.0]
            ended = []
            for speed in speeds:
                qvel[dof] = speed
                ended.append(step(env, qpos, qvel, still)[3])
            if ended[0] == ended[1]:   # Ant at 0.2 m: the ground throws it up
                continue
            while speeds[1] - speeds[0] > 1e-9:
                qvel[dof] = sum(speeds) / 2
                speeds[int(step(env, qpos, qvel, still)[3] == ended[1])] = qvel[dof]
            for sign in (-1, 1):
                qvel[dof] = speeds[0] + sign * 1e-5 / env.dt
                yield [x.astype(np.float32).astype(float) for x in (qpos, qvel, still)]


EDGES = {"Hopper": (1, 2, [3]), "Walker2d": (1, 2, [3, 6]), "Ant": (2, None, []), "Humanoid": (2, None, [12, 16])}   # dofs of height and angle; thighs
cases = []
for task, versions in CASES.items():
    for version, variants in zip((4, 5), versions):
        for number, options in enumerate(variants):
            env = gymnasium.make(f"{task}-v{version}", **options).unwrapped
            env.model.opt.tolerance, env.model.opt.solver, env.model.opt.iterations = 0, mujoco.mjtSolver.mjSOL_NEWTON, 200
            case = {"env": f"{task}-v{version}", "options": ours(options), "qpos": [], "qvel": [], "action": [], "reset_obs": [], "obs": [], "reward": [], "terminated": []}
            for qpos, qvel, action in [*states(env.model, np.random.default_rng(number)), *(edges(env, *EDGES[task]) if task in EDGES and (not options or 'healthy_z_range' in options) else ())]:
                start, obs, reward, terminated = step(env, qpos, qvel, action)
                for key, value in (("qpos", qpos.tolist()), ("qvel", qvel.tolist()), ("action", action.tolist()), ("reset_obs", numbers(start)), ("obs", numbers(obs)),
                                   ("reward", float(reward)), ("terminated", int(terminated))):
                    case[key].append(value)
            cases.append(case)
print(json.dumps(cases, separators=(",", ":")))
