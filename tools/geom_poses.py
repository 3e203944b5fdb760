#!/usr/bin/env python3
"""Where MuJoCo puts the spheres and capsules of Gymnasium's tasks in two random states each: what ReplayTests compare their drawing with.

    tools/geom_poses.py > Tests/EvoGPUTests/Fixtures/geom-poses.json
"""
import json

import gymnasium
import mujoco
import numpy as np

rng, result = np.random.default_rng(3), {}
for name in ("InvertedPendulum", "InvertedDoublePendulum", "Reacher", "Swimmer", "Hopper", "HalfCheetah", "Walker2d", "Ant", "Humanoid"):
    model = gymnasium.make(f"{name}-v5").unwrapped.model
    data, states = mujoco.MjData(model), []
    for _ in range(2):
        data.qpos[:] = np.round(model.qpos0 + rng.uniform(-1, 1, model.nq), 4)   # quaternions too: they are normalised
        mujoco.mj_kinematics(model, data)
        points = []
        for g in range(model.ngeom):
            centre, half = data.geom_xpos[g], data.geom_xmat[g].reshape(3, 3)[:, 2] * model.geom_size[g][1]
            if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_SPHERE:
                points += [centre]
            elif model.geom_type[g] == mujoco.mjtGeom.mjGEOM_CAPSULE:
                points += [centre - half, centre + half]
        states.append({"qpos": data.qpos.tolist(), "points": [[round(float(x), 12) for x in p] for p in points]})
    result[name] = states
print(json.dumps(result, separators=(",", ":")))
