#!/usr/bin/env python3
"""Robots that are none of Gymnasium's, with what MuJoCo makes of random states of them: what OwnModelTests compare with.

    tools/own_models.py Tests/EvoGPUTests/Fixtures/own-models

writes a model description for each, as export_model.py makes it, and cases.json. Between them they have what the shipped models lack:
Euler with contacts in space, slides inside a tree, roots on slides in any order and on a spring, raised floors, oblique gravity, margins,
softer and stiffer constraints, and spheres and capsules of moving bodies that touch.
"""
import json
import os
import subprocess
import sys

import mujoco
import numpy as np

HEAD = """<mujoco><compiler angle="radian"/><option timestep="{step}" integrator="{integrator}" {option}/>
<default><joint damping="0.2" armature="0.01"/><geom condim="1" friction="0.9 0.1 0.1" density="400"/><motor ctrllimited="true" ctrlrange="-1 1"/></default>
<worldbody><geom name="floor" type="plane" size="5 5 1" condim="3" {floor}/>"""
# A body with arms: two hinges off their bodies' centres, a slide, a ball at the end that meets the other arm and the trunk.
ARMS = """<geom name="trunk" type="capsule" fromto="-0.15 0 0 0.15 0.02 0.05" size="0.08"/><geom name="head" type="sphere" pos="0.25 0 0.1" size="0.07"/>
<body name="left" pos="0.1 0.06 0" quat="0.9 0.1 0.3 0.2"><joint name="l1" type="hinge" axis="0.3 1 0.2" pos="0.01 0.02 -0.01" limited="true" range="-1 0.8" margin="0.05" stiffness="3" springref="0.2"/>
 <geom name="l1" type="capsule" fromto="0 0 0 0.05 0.05 -0.3" size="0.04"/>
 <body name="left2" pos="0.05 0.05 -0.3"><joint name="l2" type="slide" axis="0.2 0.1 -1" limited="true" range="-0.1 0.15" ref="0.02" stiffness="40" solreflimit="0.03 0.8" solimplimit="0.8 0.97 0.01 0.4 1"/>
  <geom name="l2" type="sphere" size="0.06" margin="0.01"/></body></body>
<body name="right" pos="0.1 -0.06 0"><joint name="r1" type="hinge" axis="0 1 0" limited="true" range="-1.2 1.2"/><joint name="r2" type="hinge" axis="1 0 0" limited="true" range="-0.7 0.7"/>
 <geom name="r1" type="capsule" fromto="0 0 0 0.02 0.03 -0.32" size="0.045" solref="0.015 1.2" solimp="0.85 0.96 0.003 0.3 2"/></body>
<body name="back" pos="-0.2 0 0"><joint name="b1" type="hinge" axis="0 1 0" pos="0.05 0 0"/><geom name="b1" type="capsule" fromto="0 0 0 -0.1 0 -0.3" size="0.05"/></body>"""
MOTORS = """<actuator><motor joint="r1" gear="8"/><motor joint="l1" gear="-5"/><motor joint="l2" gear="20"/><motor joint="b1" gear="6"/></actuator></mujoco>"""
FREE = '<body name="torso" pos="0 0 0.6"><freejoint/>' + ARMS + "</body></worldbody>" + MOTORS


def on_slides(joints):
    return f'<body name="torso" pos="0 0 0.6">{joints}<joint name="roll" type="hinge" axis="1 0 0"/><joint name="pitch" type="hinge" axis="0 1 0"/>' + ARMS + "</body></worldbody>" + MOTORS


def slide(name, axis, more=""):
    return f'<joint name="{name}" type="slide" axis="{axis}" {more}/>'


PLANAR = """<body name="torso" pos="0 0 0.7">{root}<joint name="pitch" type="hinge" axis="0 1 0" ref="0.1"/>
<geom name="trunk" type="capsule" fromto="-0.2 0 0 0.2 0 0.1" size="0.06"/>
<body name="thigh" pos="0.2 0 0.1" quat="0.96891 0 0.24740 0"><joint name="hip" type="hinge" axis="0 -1 0" pos="0.02 0 0.01" limited="true" range="-1 1" margin="0.03" stiffness="4" springref="0.3"/>
 <geom name="thigh" type="capsule" fromto="0 0 0 0 0 -0.3" size="0.05"/>
 <body name="shin" pos="0 0 -0.3"><joint name="piston" type="slide" axis="0.1 0 -1" limited="true" range="-0.05 0.2" stiffness="50"/>
  <geom name="foot" type="sphere" pos="0 0 -0.1" size="0.06" solref="0.03 0.9"/></body></body>
<body name="tail" pos="-0.2 0 0"><joint name="tail" type="hinge" axis="0 1 0"/><geom name="tail" type="capsule" fromto="0 0 0 -0.3 0 0.05" size="0.03"/></body></body></worldbody>
<actuator><motor joint="hip" gear="15"/><motor joint="piston" gear="40"/><motor joint="tail" gear="3"/></actuator></mujoco>"""
LONE = HEAD.replace('<geom condim', '<geom conaffinity="0" condim')   # nothing but the floor is touched
X, Y, Z = slide("x", "1 0 0"), slide("y", "0 1 0"), slide("z", "0 0 1")
ROBOTS = {  # name: (MJCF, settings, heights of the root's start to try)
    "free-euler": (HEAD.format(step=0.004, integrator="Euler", option='gravity="1 -0.5 -9"', floor='pos="0 0 0.1"') + FREE,
                   ["observation=" + json.dumps(["qpos", "qvel", "cinert", "cvel", "qfrc_actuator", "cfrc_ext"]), "contact_cost_weight=0.001", "healthy_z_range=[0.2, 1]", "healthy_reward=1"]),
    "slides-zxy": (HEAD.format(step=0.004, integrator="Euler", option="", floor="") + on_slides(Z + X + Y), ["healthy_state_range=[-50, 50]", "healthy_reward=1"]),
    "held": (HEAD.format(step=0.004, integrator="RK4", option="", floor="") + on_slides(slide("x", "1 0 0", 'stiffness="60"') + slide("y", "0 1 0", 'limited="true" range="-0.2 0.2"') + Z), ["progress=center_of_mass"]),
    "planar-euler": (LONE.format(step=0.004, integrator="Euler", option='gravity="0.5 0 -9"', floor='pos="0 0 -0.05" conaffinity="1"') + PLANAR.format(root=X + Z),
                     ["healthy_z_range=[-0.5, 1]", "healthy_angle_range=[-1, 1]", "healthy_reward=1"]),
    "planar-rail": (LONE.format(step=0.005, integrator="RK4", option='density="30" viscosity="0.05"', floor='pos="0 0 0.3" conaffinity="1"') + PLANAR.format(root=X), []),
    "slide-only": (LONE.format(step=0.005, integrator="RK4", option="", floor='conaffinity="1"')
                   + f'<body name="block" pos="0 0 0.09">{X}<geom type="sphere" size="0.1"/></body></worldbody><actuator><motor joint="x" gear="9"/></actuator></mujoco>', []),
}


def states(model, rng):
    for k in range(24):
        qpos, qvel = model.qpos0.copy(), rng.normal(size=model.nv) * (0.5 if k < 12 else 3)
        for j in range(model.njnt):
            at, name = model.jnt_qposadr[j], mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_JOINT, j)
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE:
                qpos[at:at + 3] = [rng.uniform(-5, 5), rng.uniform(-5, 5), rng.uniform(0.25, 0.7)]
                qpos[at + 3:at + 7] += rng.normal(size=4) * 0.4
            elif name in "xyz":
                qpos[at] = rng.uniform(-0.45, 0.05) if name == "z" else rng.uniform(-0.25, 0.25) if model.jnt_limited[j] else rng.uniform(-3, 3)
            else:
                low, high = model.jnt_range[j] if model.jnt_limited[j] else (-0.8, 0.8)
                qpos[at] += rng.uniform(low, high) * 1.05
        yield [x.astype(np.float32).astype(float) for x in (qpos, qvel, rng.uniform(-1.3, 1.3, model.nu))]


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
cases = []
for name, (text, settings) in ROBOTS.items():
    path = os.path.join(folder, f"{name}.xml")
    with open(path, "w") as file:
        file.write(text)
    out = os.path.join(folder, f"{name}.json")
    sets = [part for setting in settings for part in ("--set", setting)]
    subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "export_model.py"), path, "--frame-skip", "3", *sets, "--out", out], check=True)
    model = mujoco.MjModel.from_xml_path(path)
    os.remove(path)
    model.opt.tolerance, model.opt.solver, model.opt.iterations = 0, mujoco.mjtSolver.mjSOL_NEWTON, 200
    data, case = mujoco.MjData(model), {"model": name, "qpos": [], "qvel": [], "action": [], "qpos_next": [], "qvel_next": [], "sensitivity": []}
    rng, touches = np.random.default_rng(7), []

    def after(qpos, qvel, action):
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.ctrl[:] = qpos, qvel, action
        for _ in range(3):
            mujoco.mj_step(model, data)
            touches.append(sum(1 for c in data.contact if 0 not in c.geom) if data.ncon else 0)
        return data.qpos.copy(), data.qvel.copy()

    for qpos, qvel, action in states(model, rng):
        end = after(qpos, qvel, action)
        # How far MuJoCo's own answer moves when its input does by 1e-7.
        moved = max(np.max(np.abs(after(qpos + rng.uniform(-1e-7, 1e-7, model.nq), qvel + rng.uniform(-1e-7, 1e-7, model.nv), action)[1] - end[1]) / (1 + np.abs(end[1]))) for _ in range(6))
        for key, value in (("qpos", qpos), ("qvel", qvel), ("action", action), ("qpos_next", end[0]), ("qvel_next", end[1])):
            case[key].append([float(f"{x:.9g}") for x in value])
        case["sensitivity"].append(float(f"{moved:.2g}"))
    cases.append(case)
    print(f"{name}: {sum(t > 0 for t in touches)} of {len(touches)} steps with contacts of moving bodies", file=sys.stderr)
with open(os.path.join(folder, "cases.json"), "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
