#!/usr/bin/env python3
"""Tests of export_model.py: python tools/test_export_model.py. Needs mujoco and gymnasium, so the Swift suite doesn't run it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import mujoco

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.join(here, "..", ".build", "release", "evogpu")
models = os.path.join(here, "..", "Sources", "Kernels", "models")

# A planar hopper and a spatial crawler; {top}, {option}, ... are where tests put what is refused.
PLANAR = """<mujoco>
  <option integrator="{integrator}" timestep="0.005" {option}><flag {flag}/></option>
  <default><joint {joint_default}/><geom friction="{friction}" condim="{condim}" contype="1" conaffinity="{affinity}" {geom_default}/><motor ctrllimited="true" ctrlrange="-1 1"/></default>
  {asset}
  <worldbody>
    <geom name="floor" type="plane" size="9 9 1" conaffinity="1" condim="3" {plane}/>
    {world}
    <body name="torso" pos="0 0 1" {body}>
      <joint name="x" type="slide" axis="1 0 0"/><joint name="z" type="slide" axis="0 0 1"/><joint name="pitch" type="hinge" axis="0 1 0"/>
      <geom name="trunk" type="capsule" fromto="0 0 -0.2 0 0 0.2" size="0.05"/>
      <body name="leg" pos="0 0 -0.2">
        <joint name="hip" type="hinge" limited="true" range="-60 60" {hip}/>
        <geom name="shank" type="capsule" fromto="0 0 0 0.1 0 -0.4" size="0.04" {shank}/>
        <site name="tip" pos="0.1 0 -0.4"/>
        {inner}
      </body>
    </body>
  </worldbody>
  {tail}
  <actuator>{actuators}</actuator>
</mujoco>"""
DEFAULTS = dict(integrator="RK4", option="", flag="", joint_default='damping="0.1"', condim="3", friction="0.8 0.1 0.1", affinity="0", geom_default="", asset="", plane="", world="", body="", hip="", shank="",
                inner="", tail="", actuators='<motor name="m" joint="hip" gear="20"/>')


def run(arguments, **changes):
    """Exit status, standard output and standard error of the tool, on the planar model with changes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "robot.xml")
        with open(path, "w") as file:
            values = DEFAULTS | changes
            if "axis=" not in values["hip"]:
                values["hip"] += ' axis="0 1 0"'
            file.write(changes.get("text") or PLANAR.format(**values))
        ended = subprocess.run([sys.executable, os.path.join(here, "export_model.py"), path, *arguments], capture_output=True, text=True, cwd=folder)
    return ended.returncode, ended.stdout, ended.stderr


class ExportTests(unittest.TestCase):
    def test_gymnasiums_tasks_come_out_as_shipped(self):
        for file in sorted(os.listdir(models)):
            ended = subprocess.run([sys.executable, os.path.join(here, "export_model.py"), "--gym", file.replace(".json", "-v5"), "--compare", os.path.join(models, file)],
                                   capture_output=True, text=True)
            self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def test_a_difference_is_found(self):
        with open(os.path.join(models, "Hopper.json")) as file:
            model = json.load(file)
        model["body"]["mass"][2] += 1e-9
        model["task"]["healthy_reward"] = 2
        del model["geom"]["gap"]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(model, file)
            file.flush()
            ended = subprocess.run([sys.executable, os.path.join(here, "export_model.py"), "--gym", "Hopper-v5", "--compare", file.name], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 1)
        for what in ("body.mass[2]", "task.healthy_reward", "geom.gap"):
            self.assertIn(what, ended.stdout)
        self.assertIn("3 differ", ended.stdout)

    def test_a_planar_model(self):
        status, out, error = run(["--frame-skip", "4", "--set", "healthy_z_range=[0.5, null]", "--set", "healthy_reward=1"])
        self.assertEqual(status, 0, error)
        model = json.loads(out)
        with open(os.path.join(models, "Hopper.json")) as file:
            hopper = json.load(file)
        self.assertEqual([k for k in hopper], [k for k in model])
        for key, value in hopper.items():
            if isinstance(value, dict) and key != "task":
                self.assertEqual(list(value), list(model[key]), key)
        self.assertEqual(model["planar"]["in_plane_axes"], "xz")
        self.assertAlmostEqual(model["env"]["dt"], 0.02)
        self.assertEqual(model["env"]["obs_size"], 7)
        self.assertEqual(model["task"], {"kind": "locomotion", "progress": "root", "forward_reward_weight": 1, "ctrl_cost_weight": 0.1, "healthy_reward": 1,
                                         "terminate_when_unhealthy": True, "healthy_z_range": [0.5, None], "reset_noise_scale": 0.01, "reset_velocity_noise": "uniform",
                                         "exclude_current_positions_from_observation": True, "observation": ["qpos", "qvel"], "time_limit": 1000})
        self.assertEqual([(p["geom1"], p["geom2"]) for p in model["collision_pairs"]], [(0, 1), (0, 2)])

    def test_a_spatial_model(self):
        status, out, error = run(["--set", 'observation=["qpos", "qvel", "cfrc_ext"]'], text="""<mujoco><option integrator="Euler"/>
          <worldbody><geom name="floor" type="plane" size="9 9 1"/><body name="b" pos="0 0 1"><freejoint name="root"/><geom type="sphere" size="0.2"/>
          <body name="arm" pos="0.3 0 0"><joint name="a" axis="1 2 0" range="-30 30" limited="true"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.05"/></body></body></worldbody>
          <actuator><general joint="a" gear="3" gainprm="2" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>""")
        self.assertEqual(status, 0, error)
        model = json.loads(out)
        self.assertNotIn("planar", model)
        self.assertEqual(model["actuator"]["gear"], [6.0])   # a general actuator's fixed gain is part of the gear
        self.assertEqual(model["env"]["obs_size"], 8 - 2 + 7 + 6 * 2)
        self.assertEqual(model["task"]["progress"], "torso")

    def test_planar_means_symmetric(self):
        # Two legs beside each other that may touch: their contact leaves the plane, so the spatial engine has to do it.
        status, out, error = run([], condim="1", affinity="1", inner='<body pos="0 0.2 -0.4"><joint axis="0 1 0"/><geom size="0.05"/><body pos="0 0 -0.1"><joint axis="0 1 0"/><geom type="sphere" size="0.05"/></body></body>')
        self.assertEqual(status, 0, error)
        self.assertNotIn("planar", json.loads(out))

    def test_explicit_pairs_and_excludes(self):
        status, out, error = run([], affinity="1", condim="1", inner='<body name="foot" pos="0.1 0 -0.4"><joint axis="0 1 0"/><geom name="toe" type="sphere" size="0.05"/></body>',
                                 tail='<contact><exclude body1="torso" body2="foot"/><pair geom1="shank" geom2="toe" condim="1" margin="0.003"/></contact>')
        self.assertEqual(status, 0, error)
        pairs = {(p["geom1"], p["geom2"]): p["margin"] for p in json.loads(out)["collision_pairs"]}
        self.assertEqual(pairs, {(0, 1): 0, (0, 2): 0, (0, 3): 0, (3, 2): 0.003})   # the sphere comes before the capsule

    def test_what_is_refused(self):
        cases = [
            (dict(integrator="implicit"), ["integrator implicit;"]),
            (dict(integrator="implicitfast"), ["integrator implicitfast"]),
            (dict(option='cone="elliptic"'), ["friction cone elliptic"]),
            (dict(option='impratio="5"'), ["impratio 5"]),
            (dict(option='noslip_iterations="3"'), ["noslip_iterations 3"]),
            (dict(flag='gravity="disable" contact="disable"'), ["disables gravity", "disables contact"]),
            (dict(flag='override="enable"'), ["enables override"]),
            (dict(option='density="1000" wind="1 0 0"'), ["wind [1.0, 0.0, 0.0]"]),
            (dict(option='density="1000"', shank='fluidshape="ellipsoid"'), ["ellipsoid fluid model of geom shank"]),
            (dict(option='density="1000"', inner='<body pos="0 0 -1"><inertial pos="0 0 0" mass="1" diaginertia="1 1.2 1.5" euler="30 40 0"/></body>'), ["oblique"]),
            (dict(tail='<equality><joint joint1="hip"/></equality>'), ["1 equality constraint"]),
            (dict(world='<body name="m" mocap="true"><geom size="0.1" contype="0"/></body>'), ["1 mocap body"]),
            (dict(body='gravcomp="1"'), ["gravity compensation of body torso"]),
            (dict(hip='frictionloss="0.5"'), ["joint hip has friction loss 0.5"]),
            (dict(hip='solreflimit="-100 -1"'), ["the limit of joint hip has solref [-100.0, -1.0]"]),
            (dict(hip='solimplimit="0.9 0.95 0.001 0.5 3"'), ["the limit of joint hip has solimp power 3"]),
            (dict(hip='margin="2"'), ["and the margin 2; accepted: a range wider than twice the margin"]),
            (dict(hip='actuatorfrcrange="-1 1" actuatorfrclimited="true"'), ["joint hip limits actuator forces"]),
            (dict(inner='<body name="w" pos="0 0 -0.5"><joint name="ball" type="ball"/><geom size="0.1"/></body>'), ["joint ball is a ball joint", "joint ball of type ball has damping"]),
            (dict(text='<mujoco><worldbody><body><freejoint name="r"/><geom size="0.1" contype="0" conaffinity="0"/></body></worldbody></mujoco>'), ["no actuator"]),
            (dict(text='<mujoco><worldbody><body><joint name="r" type="free" damping="1"/><geom size="0.1" contype="0"/></body></worldbody></mujoco>'), ["joint r of type free has damping", "no actuator"]),
            (dict(tail='<tendon><fixed name="t" stiffness="3" limited="true" range="0 1"><joint joint="hip" coef="1"/></fixed></tendon>'), ["tendon t has stiffness, limits"]),
            (dict(actuators='<motor joint="hip" ctrllimited="false"/>'), ["has no ctrlrange"]),
            (dict(actuators='<position name="p" joint="hip" ctrllimited="true" ctrlrange="-1 1"/>'), ["actuator p has bias affine"]),
            (dict(actuators='<general name="g" joint="hip" ctrllimited="true" ctrlrange="-1 1" dyntype="filter" dynprm="0.1"/>'), ["actuator g has dynamics filter"]),
            (dict(actuators='<motor name="f" joint="hip" forcelimited="true" forcerange="-1 1"/>'), ["actuator f has forcerange"]),
            (dict(actuators='<motor name="s" site="tip"/>'), ["actuator s acts on a site"]),
            (dict(tail='<tendon><fixed name="t"><joint joint="hip" coef="1"/></fixed></tendon>', actuators='<motor name="t" tendon="t"/>'), ["actuator t acts on a tendon"]),
            (dict(plane='euler="10 0 0"'), ["plane floor has the normal"]),
            (dict(world='<geom name="floor2" type="plane" size="1 1 1" pos="0 0 -1" conaffinity="1"/>'), ["2 planes that can be touched (floor, floor2)"]),
            (dict(world='<geom name="post" type="capsule" size="0.1 1" pos="3 0 0" conaffinity="1"/>'), ["a geom fixed to the world that is not a plane"]),
            (dict(inner='<geom name="shoe" type="box" size="0.1 0.1 0.1" pos="0 0 -0.5"/>'), ["geom shoe is a box that can be touched"]),
            (dict(inner='<geom name="can" type="cylinder" size="0.1 0.1" pos="0 0 -0.5"/>'), ["geom can is a cylinder"]),
            (dict(asset='<asset><hfield name="h" nrow="2" ncol="2" size="1 1 1 1"/></asset>', world='<geom name="hills" type="hfield" hfield="h" conaffinity="1"/>'), ["geom hills is a hfield"]),
            (dict(condim="4"), ["condim 4 with the floor (floor~trunk, floor~shank)"]),
            (dict(condim="1", plane='priority="1" solmix="2"', tail='<contact><pair name="q" geom1="floor" geom2="shank" condim="1"/></contact>'), ["condim 1 with the floor (floor~shank)"]),
            (dict(option='density="1000"', hip='axis="1 0 0"'), ["in a model that needs three dimensions (it doesn't move in the plane"]),
            (dict(arguments=["--set", "progress=torso"]), ["progress of the torso, whose origin is not where its one joint is"]),
            (dict(arguments=["--set", "progress=center_of_mass", "--set", "healthy_angle_range=[-1, 1]"]), ["healthy_angle_range in a model that needs three dimensions"]),
            (dict(arguments=["--set", "progress=center_of_mass"], world='<body name="post"><geom size="0.1" contype="0"/></body>'), ["body post is fixed to the world"]),
            (dict(arguments=["--set", "progress=center_of_mass"], world='<body name="ball" pos="5 0 1"><freejoint/><geom size="0.1" contype="0"/></body>'), ["2 bodies hang on the world by joints (ball, torso)"]),
            (dict(affinity="1", inner='<body><joint axis="0 1 0"/><geom name="toe" size="0.05" pos="0.3 0 -0.5"/></body>'), ["condim 3 between bodies that move (toe~trunk)"]),
            (dict(geom_default='gap="0.01"'), ["geom floor, trunk, shank has a gap"]),
            (dict(geom_default='solref="-100 -5"'), ["contacts with solref [-100.0, -5.0]"]),
            (dict(geom_default='solimp="0.9 0.95 0.01 0.5 5"'), ["contacts with solimp power 5"]),
            (dict(friction="0 0 0"), ["contacts of condim 3 without friction"]),
            (dict(tail='<contact><pair name="q" geom1="floor" geom2="shank" condim="3" friction="1 2 0 0 0"/></contact>'), ["contact pair q has friction 1 and 2"]),
            (dict(tail='<contact><pair name="q" geom1="floor" geom2="shank" solreffriction="0.1 1"/></contact>'), ["contact pair q has solreffriction"]),
        ]
        for changes, wanted in cases:
            with self.subTest(wanted[0]):
                status, out, error = run(**({"arguments": []} | changes))
                self.assertEqual((status, out), (1, ""), error)
                for line in wanted:
                    self.assertIn(line, error)
                self.assertNotIn("Traceback", error)

    def test_all_features_are_listed_at_once(self):
        status, out, error = run([], integrator="implicit", option='cone="elliptic" noslip_iterations="1"', hip='frictionloss="1"', condim="6",
                                 tail='<equality><joint joint1="hip"/></equality>')
        self.assertEqual(status, 1)
        self.assertIn("can't carry 6 features", error)

    @unittest.skipUnless(os.path.exists(program), "the program has not been built")
    def test_what_is_written_the_program_takes(self):
        spatial = """<mujoco><worldbody><geom name="floor" type="plane" size="9 9 1"/><body name="b" pos="0 0 1"><freejoint/><geom type="sphere" size="0.2"/>{body}</body></worldbody>
          <actuator><motor joint="a" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>"""
        arm = '<body pos="0.3 0 0"><joint name="a" axis="1 2 0" {joint}/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.05" {geom}/></body>'
        toe = '<body name="toe" pos="0.1 0 -0.4"><joint axis="0 1 0"/><geom type="{type}" size="0.05 0.1" euler="0 90 0"/></body>'
        cases = [
            {}, dict(integrator="Euler"), dict(plane='pos="0 0 -0.3"'), dict(hip='stiffness="5" springref="10" armature="0.2" margin="0.1"'), dict(geom_default='solimp="0.9 0.95 0.01 0.3 1"'),
            dict(affinity="1", condim="1", inner=toe.format(type="capsule")), dict(affinity="1", condim="1", inner=toe.format(type="sphere")), dict(inner='<geom type="sphere" size="0.06" pos="0.1 0 -0.4"/>'),
            dict(affinity="1", condim="1", inner=toe.format(type="capsule") + toe.format(type="capsule").replace('"toe"', '"toe2"').replace("0.1 0 -0.4", "-0.3 0 -0.4")),
            dict(hip='axis="0 -1 0"'), dict(hip='axis="1 0 0"'), dict(arguments=["--set", "progress=center_of_mass"]), dict(arguments=["--set", "progress=center_of_mass"], body='euler="20 20 0"'),
            dict(option='density="1000" viscosity="0.1"'), dict(world='<body name="post"><geom size="0.1" contype="0"/></body>'),
            dict(arguments=["--set", "healthy_z_range=[0.2, null]", "--set", "healthy_angle_range=[-1, 1]"]),
            dict(text=spatial.format(body=arm.format(joint="", geom=""))), dict(text=spatial.format(body=arm.format(joint='stiffness="2" damping="1" range="-9 9"', geom='density="500"'))),
            dict(text=spatial.format(body=arm.format(joint="", geom='conaffinity="0"')), arguments=["--set", "progress=root", "--set", "healthy_z_range=[0.2, null]", "--set", 'observation=["qpos", "qvel", "cinert", "cvel", "qfrc_actuator", "cfrc_ext"]']),
        ]
        for changes in cases:
            with self.subTest(**changes), tempfile.TemporaryDirectory() as folder:
                status, out, error = run(**({"arguments": []} | changes))
                self.assertEqual(status, 0, error)
                path = os.path.join(folder, "model.json")
                with open(path, "w") as file:
                    file.write(out)
                ended = subprocess.run([program, "model", path, "--name", "robot"], capture_output=True, text=True)
                self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_settings_are_checked(self):
        for setting, sentence in (("wheels=4", "--set wheels: there is no such setting; accepted: progress, "), ("time_limit=0", "--set time_limit is 0; accepted: a whole number from 1"),
                                  ("healthy_z_range=[2, 1]", "--set healthy_z_range is [2, 1]; accepted: [low, high], either may be null"), ("ctrl_cost_weight", "key=value is accepted"),
                                  ("observation=[\"smell\"]", "accepted: a list of qpos"), ("progress=sideways", "accepted: root, torso, center_of_mass")):
            status, out, error = run(["--set", setting])
            self.assertEqual((status, out), (1, ""))
            self.assertIn(sentence, error)
            self.assertEqual(error.count("\n"), 1, error)

    def test_no_file(self):
        ended = subprocess.run([sys.executable, os.path.join(here, "export_model.py"), "nowhere.xml"], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 1)
        self.assertNotIn("Traceback", ended.stderr)


if __name__ == "__main__":
    print("mujoco", mujoco.__version__)
    unittest.main()
