#!/usr/bin/env python3
"""Writes a model that evogpu's physics kernels are generated from, out of an MJCF file or one of Gymnasium's MuJoCo tasks.

    tools/export_model.py robot.xml --out Robot.json                          a locomotion task with defaults, see --help
    tools/export_model.py robot.xml --frame-skip 4 --set healthy_reward=1 --set 'healthy_z_range=[0.5, null]' --out Robot.json
    tools/export_model.py --gym Hopper-v5 --out Hopper.json
    tools/export_model.py --gym Hopper-v5 --compare Sources/Kernels/models/Hopper.json

The file holds MuJoCo's own compiled arrays, with MuJoCo's names, and a "task" section: what is rewarded and observed and what ends an
episode. Whatever the kernels cannot compute is named, all of it, and nothing is written: exit status 1. So a model that was written is
computed as MuJoCo computes it, up to the rounding of float32.

Needs Python 3.10 with mujoco 4.0.0 and, for --gym, gymnasium 1.4.0: benchmarks/peers/setup.sh installs both.
"""
import argparse
import json
import math
import os
import sys

import mujoco
import numpy as np

GEOM = {int(v): k[7:].lower() for k, v in mujoco.mjtGeom.__members__.items()}  # 3: "capsule"
JOINT = {int(v): k[6:].lower() for k, v in mujoco.mjtJoint.__members__.items()}
PLANE, SPHERE, CAPSULE = (int(mujoco.mjtGeom.__members__[f"mjGEOM_{n}"]) for n in ("PLANE", "SPHERE", "CAPSULE"))
FREE, BALL, SLIDE, HINGE = (int(mujoco.mjtJoint.__members__[f"mjJNT_{n}"]) for n in ("FREE", "BALL", "SLIDE", "HINGE"))
INTEGRATOR = {int(v): k[6:] for k, v in mujoco.mjtIntegrator.__members__.items()}
INTEGRATOR[int(mujoco.mjtIntegrator.mjINT_EULER)] = "Euler"
CONE = {int(v): k[7:].lower() for k, v in mujoco.mjtCone.__members__.items()}
SOLVER = {int(v): k[6:] for k, v in mujoco.mjtSolver.__members__.items()}
SOLVER[int(mujoco.mjtSolver.mjSOL_NEWTON)] = "Newton"
# Flags that only choose how MuJoCo computes the same thing.
HARMLESS = {"WARMSTART", "SENSOR", "MIDPHASE", "NATIVECCD", "ISLAND", "MULTICCD", "AUTORESET", "ENERGY", "FWDINV"}


def name(model, kind, index):
    """An element's name, or its number where it has none."""
    return mujoco.mj_id2name(model, getattr(mujoco.mjtObj, f"mjOBJ_{kind}"), index) or str(index)


def names(model, kind, count):
    return [mujoco.mj_id2name(model, getattr(mujoco.mjtObj, f"mjOBJ_{kind}"), i) or "" for i in range(count)]


# ---------------------------------------------------------------------------------------------------------------------
# Which geoms can touch, and with which constants.


def collision_pairs(model):
    """Every pair of geoms that MuJoCo tests, with its mixed parameters (as MuJoCo's mj_contactParam mixes them), in order of geom numbers."""
    weld, parent = model.body_weldid, model.body_parentid
    weld_parent = weld[parent[weld]]
    excluded = set(int(s) for s in model.exclude_signature)
    filter_parent = not model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_FILTERPARENT
    explicit = {}
    for p in range(model.npair):
        a, b = sorted((int(model.pair_geom1[p]), int(model.pair_geom2[p])))
        explicit[a, b] = p
    pairs = []
    for a in range(model.ngeom):
        for b in range(a + 1, model.ngeom):
            body_a, body_b = int(model.geom_bodyid[a]), int(model.geom_bodyid[b])
            p = explicit.get((a, b))
            if p is None:
                if not (model.geom_contype[a] & model.geom_conaffinity[b] or model.geom_contype[b] & model.geom_conaffinity[a]):
                    continue
                wa, wb = int(weld[body_a]), int(weld[body_b])
                if wa == wb or (model.geom_type[a] == PLANE and model.geom_type[b] == PLANE):
                    continue
                if filter_parent and wa and wb and (wa == weld_parent[wb] or wb == weld_parent[wa]):
                    continue
                low, high = min(body_a, body_b), max(body_a, body_b)
                if (low << 16) + high in excluded:
                    continue
            # The geom of the smaller type comes first; the contact's normal points from it to the other.
            first, second = (b, a) if model.geom_type[a] > model.geom_type[b] else (a, b)
            one, two = int(model.geom_bodyid[first]), int(model.geom_bodyid[second])
            entry = {"geom1": first, "geom2": second, "body1": one, "body2": two,
                     "type1": int(model.geom_type[first]), "type2": int(model.geom_type[second])}
            if p is None:
                entry |= mixed(model, first, second)
            else:
                entry |= {"condim": int(model.pair_dim[p]), "margin": float(model.pair_margin[p]), "friction": model.pair_friction[p].tolist(),
                          "solref": model.pair_solref[p].tolist(), "solimp": model.pair_solimp[p].tolist()}
            entry["invweight_tran"] = float(model.body_invweight0[one][0] + model.body_invweight0[two][0])
            pairs.append(entry)
    return pairs


def mixed(model, a, b):
    margin = float(model.geom_margin[a] + model.geom_margin[b])
    priority = int(model.geom_priority[a]) - int(model.geom_priority[b])
    if priority:
        g = a if priority > 0 else b
        condim, slide = int(model.geom_condim[g]), model.geom_friction[g]
        solref, solimp = model.geom_solref[g], model.geom_solimp[g]
    else:
        condim = int(max(model.geom_condim[a], model.geom_condim[b]))
        slide = np.maximum(model.geom_friction[a], model.geom_friction[b])
        one, two, least = float(model.geom_solmix[a]), float(model.geom_solmix[b]), 1e-15
        mix = one / (one + two) if one >= least and two >= least else 0.5 if one < least and two < least else 0.0 if one < least else 1.0
        ref_a, ref_b = model.geom_solref[a], model.geom_solref[b]
        solref = mix * ref_a + (1 - mix) * ref_b if ref_a[0] > 0 and ref_b[0] > 0 else np.minimum(ref_a, ref_b)
        solimp = mix * model.geom_solimp[a] + (1 - mix) * model.geom_solimp[b]
    return {"condim": condim, "margin": margin, "friction": [float(slide[i]) for i in (0, 0, 1, 2, 2)],
            "solref": [float(x) for x in solref], "solimp": [float(x) for x in solimp]}


def check_pairs(model, pairs, states=300):
    """MuJoCo's own contacts in random states have to be in the list, with the same parameters."""
    table = {(p["geom1"], p["geom2"]): p for p in pairs}
    rng, data, seen = np.random.default_rng(1), mujoco.MjData(model), set()
    for _ in range(states):
        data.qpos[:] = model.qpos0
        for j in range(model.njnt):
            at = model.jnt_qposadr[j]
            if model.jnt_type[j] == FREE:
                data.qpos[at:at + 3] += rng.uniform(-1, 1, 3)
                data.qpos[at + 3:at + 7] = rng.normal(size=4)
            elif model.jnt_type[j] in (SLIDE, HINGE):
                low, high = model.jnt_range[j] if model.jnt_limited[j] else (-1.5, 1.5)
                data.qpos[at] = rng.uniform(low, high) if model.jnt_limited[j] else model.qpos0[at] + rng.uniform(low, high)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        for i in range(data.ncon):
            contact = data.contact[i]
            key = tuple(int(g) for g in contact.geom)
            wanted = table.get(key)
            same = wanted is not None and contact.dim == wanted["condim"] and all(
                np.allclose(got, wanted[k], rtol=1e-12, atol=0) for got, k in (
                    (contact.friction, "friction"), (contact.solref, "solref"), (contact.solimp, "solimp"), (contact.includemargin, "margin")))
            if not same:
                raise SystemExit(f"internal error: MuJoCo made a contact of geoms {name(model, 'GEOM', key[0])} and {name(model, 'GEOM', key[1])} that the list of pairs "
                                 f"describes otherwise: {wanted}")
            seen.add(key)
    return len(seen)


# ---------------------------------------------------------------------------------------------------------------------
# What the kernels can't compute.


def not_planar(model, pairs, planar, task):
    """Why the planar kernels can't have the model; it may still suit those for three dimensions."""
    if planar is None or planar["in_plane_axes"] == "yz":
        return "it doesn't move in the plane of x and z or of x and y"
    if task["kind"] == "locomotion":
        if task["progress"] != "root":
            return f"progress is that of {task['progress']}"
        if recentred(model, 0) != 0:
            return "its first joint is no free slide along x"
    moving = [p for p in pairs if p["type1"] != PLANE]
    if len(moving) > 8:
        return f"{len(moving)} pairs of moving bodies may touch"

    def above(body):
        chain = set()
        while body:
            chain.add(body)
            body = int(model.body_parentid[body])
        return chain

    for p in moving:
        one, two = above(p["body1"]), above(p["body2"])
        if p["type1"] != CAPSULE or p["type2"] != CAPSULE:
            return "moving bodies other than two capsules may touch"
        if not (one <= two or two <= one):
            return "bodies of two branches may touch"
    return None


def root_slide(model, axis):
    """Which joint slides along an axis of the world before every joint of another type, or None."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for j in range(model.njnt):
        if model.jnt_type[j] != SLIDE:
            return None
        if data.xaxis[j][axis] > 1 - 1e-9:
            return j
    return None


def recentred(model, axis):
    """The same if nothing depends on its position: no limit, no spring."""
    j = root_slide(model, axis)
    return None if j is None or model.jnt_limited[j] or model.jnt_stiffness[j] else j


def refusals(model, pairs, planar, task):
    """One line for each feature of the model that the kernels don't carry, with what is accepted instead."""
    found = []

    def refuse(what, accepted):
        found.append(f"{what}; accepted: {accepted}")

    def listed(kind, indices):
        return ", ".join(name(model, kind, int(i)) for i in indices)

    opt, medium = model.opt, model.opt.density != 0 or model.opt.viscosity != 0
    spatial = not_planar(model, pairs, planar, task) if model.njnt else None
    if INTEGRATOR[opt.integrator] not in ("RK4", "Euler"):
        refuse(f"integrator {INTEGRATOR[opt.integrator].lower()}", "RK4, Euler")
    if CONE[opt.cone] != "pyramidal":
        refuse(f"friction cone {CONE[opt.cone]}", "pyramidal")
    if opt.impratio != 1:
        refuse(f"impratio {opt.impratio:g}", "1")
    if opt.noslip_iterations:
        refuse(f"noslip_iterations {opt.noslip_iterations}", "0")
    for bits, enum, prefix, what in ((opt.disableflags, mujoco.mjtDisableBit, "mjDSBL_", "disables"), (opt.enableflags, mujoco.mjtEnableBit, "mjENBL_", "enables")):
        for key, value in enum.__members__.items():
            if key.startswith(prefix) and bits & int(value) and key[len(prefix):] not in HARMLESS:
                refuse(f"an option flag that {what} {key[len(prefix):].lower()}", "MuJoCo's defaults")
    if opt.disableactuator:
        refuse(f"actuator groups that are disabled (mask {opt.disableactuator})", "none")
    if medium and np.any(opt.wind):
        refuse(f"wind {opt.wind.tolist()} in a medium", "0 0 0")
    if medium and spatial:
        refuse(f"density {opt.density:g} and viscosity {opt.viscosity:g} in a model that needs three dimensions ({spatial})", "0, or a planar model")
    if medium and any(model.geom_fluid[g][0] for g in range(model.ngeom)):
        refuse(f"the ellipsoid fluid model of geom {listed('GEOM', [g for g in range(model.ngeom) if model.geom_fluid[g][0]])}", "MuJoCo's inertia-box model")
    if medium and not spatial:
        axis, data = "xyz".index(planar["normal_axis"]), mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        tilted = [b for b in range(1, model.nbody) if model.body_mass[b] > 0 and np.max(np.abs(data.ximat[b].reshape(3, 3)[axis])) < 1 - 1e-9]
        if tilted:
            refuse(f"a medium with principal axes of inertia oblique to the plane on body {listed('BODY', tilted)}", "one axis along the plane's normal")

    for count, what in ((model.neq, "equality constraint"), (model.nmocap, "mocap body"), (model.nflex, "flex"), (model.nplugin, "plugin")):
        if count:
            refuse(f"{count} {what}{'' if count == 1 else 's'}", "none")
    gravcomp = np.flatnonzero(model.body_gravcomp)
    if len(gravcomp):
        refuse(f"gravity compensation of body {listed('BODY', gravcomp)}", "none")

    # Joints.
    if model.njnt == 0:
        refuse("no joint", "at least one")
    for j in range(model.njnt):
        who, kind, body = f"joint {name(model, 'JOINT', j)}", int(model.jnt_type[j]), int(model.jnt_bodyid[j])
        first, count = int(model.jnt_dofadr[j]), {FREE: 6, BALL: 3}.get(kind, 1)
        dofs = range(first, first + count)
        if kind == BALL:
            refuse(f"{who} is a ball joint", "hinge, slide, free")
        if kind == FREE and (model.body_parentid[body] != 0 or model.body_jntnum[body] != 1):
            refuse(f"{who} is free on a body with {'other joints' if model.body_jntnum[body] != 1 else 'a parent'}", "a free joint alone on a body of the world")
        if kind == FREE and model.jnt_limited[j]:
            refuse(f"{who} of type free is limited", "a free joint without limits")
        if kind in (FREE, BALL):
            for what, values in (("stiffness", [model.jnt_stiffness[j]]), ("damping", model.dof_damping[dofs]), ("armature", model.dof_armature[dofs])):
                if np.any(values):
                    refuse(f"{who} of type {JOINT[kind]} has {what}", f"{what} 0 there")
        if np.any(model.dof_frictionloss[dofs]):
            refuse(f"{who} has friction loss {float(model.dof_frictionloss[first]):g}", "0")
        for what, values in (("polynomial stiffness", model.jnt_stiffnesspoly[j]), ("polynomial damping", model.dof_dampingpoly[first])):
            if np.any(values):
                refuse(f"{who} has {what}", "linear springs and dampers")
        if model.jnt_springyield[j] or model.jnt_plasticadr[j] >= 0:
            refuse(f"{who} has a yielding spring", "elastic springs")
        if model.jnt_actfrclimited[j] or model.jnt_actgravcomp[j]:
            refuse(f"{who} limits actuator forces or compensates gravity by them", "neither")
        if model.jnt_limited[j] and kind in (SLIDE, HINGE):
            if model.jnt_range[j][1] - model.jnt_range[j][0] <= 2 * model.jnt_margin[j]:
                refuse(f"{who} has the range {model.jnt_range[j].tolist()} and the margin {float(model.jnt_margin[j]):g}", "a range wider than twice the margin")
            for line in soft(model.jnt_solref[j], model.jnt_solimp[j]):
                refuse(f"the limit of {who} has {line[0]}", line[1])

    roots = [b for b in range(1, model.nbody) if model.body_jntnum[b] and model.body_weldid[model.body_parentid[b]] == 0]
    if spatial:
        if len(roots) > 1:
            refuse(f"{len(roots)} bodies hang on the world by joints ({listed('BODY', roots)}) in a model that needs three dimensions ({spatial})", "one, or a planar model")
        fixed = [b for b in range(1, model.nbody) if model.body_weldid[b] == 0]
        if fixed:
            refuse(f"body {listed('BODY', fixed)} is fixed to the world in a model that needs three dimensions ({spatial})", "geoms of the world body itself, or a planar model")
        if any(p["type1"] != PLANE for p in pairs) and model.njnt > 31:
            refuse(f"{model.njnt} joints, where moving bodies may touch each other", "at most 31")
        if task["kind"] == "locomotion":
            first = roots[0] if roots else 0
            if task.get("healthy_angle_range"):
                refuse(f"healthy_angle_range in a model that needs three dimensions ({spatial})", "none")
            if task["progress"] == "torso" and not (first == 1 and model.body_jntnum[1] == 1 and (model.jnt_type[0] != HINGE or not np.any(model.jnt_pos[0]))):
                refuse("progress of the torso, whose origin is not where its one joint is", "root, center_of_mass")
            if task["progress"] == "root" and model.jnt_type[0] != FREE and recentred(model, 0) is None:
                refuse("progress of the root, which no free joint and no slide along x without limit and spring carries", "torso, center_of_mass")
            if task.get("healthy_z_range") and model.jnt_type[0] != FREE and root_slide(model, 2) is None:
                refuse("healthy_z_range where no free joint and no slide along z carries the root", "none")

    # Tendons may be there as long as no force comes from them.
    for t in range(model.ntendon):
        active = [what for what, value in (
            ("stiffness", model.tendon_stiffness[t]), ("stiffness", model.tendon_stiffnesspoly[t]), ("damping", model.tendon_damping[t]), ("damping", model.tendon_dampingpoly[t]),
            ("limits", model.tendon_limited[t]), ("friction loss", model.tendon_frictionloss[t]), ("armature", model.tendon_armature[t]),
            ("a limit of actuator forces", model.tendon_actfrclimited[t]), ("a yielding spring", model.tendon_springyield[t] or model.tendon_plasticadr[t] >= 0)) if np.any(value)]
        if active:
            refuse(f"tendon {name(model, 'TENDON', t)} has {', '.join(dict.fromkeys(active))}", "tendons without force")

    # Actuators.
    if model.nactuator == 0:
        refuse("no actuator", "at least one motor")
    for a in range(model.nactuator):
        who = f"actuator {name(model, 'ACTUATOR', a)}"
        transmission, joint = int(model.actuator_trntype[a]), int(model.actuator_trnid[a][0])
        plain = ("motors on hinge and slide joints",)
        if model.actuator_ctrlnum[a] != 1 or model.actuator_outnum[a] != 1:
            refuse(f"{who} has {model.actuator_ctrlnum[a]} controls and {model.actuator_outnum[a]} outputs", "one of each")
        if transmission not in (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT)):
            refuse(f"{who} acts on a {mujoco.mjtTrn(transmission).name[6:].lower()}", plain[0])
        elif model.jnt_type[joint] not in (SLIDE, HINGE):
            refuse(f"{who} acts on the {JOINT[int(model.jnt_type[joint])]} joint {name(model, 'JOINT', joint)}", plain[0])
        if model.actuator_dyntype[a] != int(mujoco.mjtDyn.mjDYN_NONE) or model.actuator_actnum[a]:
            refuse(f"{who} has dynamics {mujoco.mjtDyn(int(model.actuator_dyntype[a])).name[6:].lower()}", "none")
        if model.actuator_gaintype[a] != int(mujoco.mjtGain.mjGAIN_FIXED):
            refuse(f"{who} has gain {mujoco.mjtGain(int(model.actuator_gaintype[a])).name[7:].lower()}", "fixed")
        if model.actuator_biastype[a] != int(mujoco.mjtBias.mjBIAS_NONE):
            refuse(f"{who} has bias {mujoco.mjtBias(int(model.actuator_biastype[a])).name[7:].lower()}", "none, as motors have")
        if not model.actuator_ctrllimited[a]:
            refuse(f"{who} has no ctrlrange", "a ctrlrange, which bounds the policy's actions")
        for what, value in (("forcerange", model.actuator_forcelimited[a]), ("delay", model.actuator_delay[a]), ("damping", model.actuator_damping[a]),
                            ("damping", model.actuator_dampingpoly[a]), ("armature", model.actuator_armature[a]), ("a plugin", model.actuator_plugin[a] >= 0)):
            if np.any(value):
                refuse(f"{who} has {what}", plain[0])

    # Contacts.
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    planes = sorted({g for p in pairs for g in (p["geom1"], p["geom2"]) if model.geom_type[g] == PLANE})
    if len(planes) > 1:
        refuse(f"{len(planes)} planes that can be touched ({listed('GEOM', planes)})", "one")
    for g in planes:
        if model.body_weldid[model.geom_bodyid[g]] != 0:
            refuse(f"plane {name(model, 'GEOM', g)} moves", "a plane fixed to the world")
        normal = data.geom_xmat[g].reshape(3, 3)[:, 2]
        if abs(normal[2] - 1) > 1e-12:
            refuse(f"plane {name(model, 'GEOM', g)} has the normal {[round(float(x), 4) for x in normal]}", "a horizontal plane, facing upwards")
    shapes = {}
    for p in pairs:
        for g in (p["geom1"], p["geom2"]):
            if model.geom_type[g] not in (PLANE, SPHERE, CAPSULE):
                shapes[g] = GEOM[int(model.geom_type[g])]
    for g, kind in sorted(shapes.items()):
        refuse(f"geom {name(model, 'GEOM', g)} is a {kind} that can be touched", "plane, sphere, capsule (others with contype and conaffinity 0)")
    touching = sorted({g for p in pairs for g in (p["geom1"], p["geom2"])})
    for what, values in (("adhesion", model.geom_adhesion), ("a surface velocity", model.geom_surfacevel), ("a gap", model.geom_gap), ("a plugin", model.geom_plugin >= 0)):
        some = [g for g in touching if np.any(values[g])]
        if some:
            refuse(f"geom {listed('GEOM', some)} has {what}", "none")
    for p in range(model.npair):
        who = f"contact pair {name(model, 'PAIR', p)}"
        if model.pair_gap[p] or model.pair_adhesion[p].any():
            refuse(f"{who} has a gap or adhesion", "none")
        if np.any(model.pair_solreffriction[p]):
            refuse(f"{who} has solreffriction", "none")
        f = model.pair_friction[p]
        if model.pair_dim[p] >= 3 and f[0] != f[1]:
            refuse(f"{who} has friction {f[0]:g} and {f[1]:g} in its two directions", "the same in both")
    complaints = {}
    for p in pairs:
        one, two = p["geom1"], p["geom2"]
        who, floor = f"{name(model, 'GEOM', one)}~{name(model, 'GEOM', two)}", p["type1"] == PLANE
        if one in shapes or two in shapes:
            continue
        static = [g for g in (one, two) if model.body_weldid[model.geom_bodyid[g]] == 0]
        if static and not floor:
            complaints.setdefault(("a geom fixed to the world that is not a plane and can be touched", "a plane"), []).append(who)
        elif floor and p["condim"] != 3:
            complaints.setdefault((f"contacts of condim {p['condim']} with the floor", "3"), []).append(who)
        elif not floor and p["condim"] != 1:
            complaints.setdefault((f"contacts of condim {p['condim']} between bodies that move", "1"), []).append(who)
        if p["condim"] >= 3 and not p["friction"][0] > 0:
            complaints.setdefault(("contacts of condim 3 without friction", "friction above 0, or condim 1"), []).append(who)
        for what, accepted in soft(p["solref"], p["solimp"]):
            complaints.setdefault((f"contacts with {what}", accepted), []).append(who)
    for (what, accepted), pairs_of in complaints.items():
        shown = ", ".join(pairs_of[:4]) + (f" and {len(pairs_of) - 4} more" if len(pairs_of) > 4 else "")
        refuse(f"{what} ({shown})", accepted)
    return found


def soft(solref, solimp):
    """What is unusual in a constraint's softness."""
    lines = []
    if not (solref[0] > 0 and solref[1] > 0):
        lines.append((f"solref {[float(x) for x in solref]}", "two positive numbers"))
    if solimp[4] not in (1, 2):
        lines.append((f"solimp power {float(solimp[4]):g}", "1, 2"))
    return lines


# ---------------------------------------------------------------------------------------------------------------------
# Planar models: every joint slides in one plane or turns about its normal, so that three numbers per body do.


def planar_section(model, pairs):
    """The section for the planar engine, or None where the model needs the one for three dimensions."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    if model.njnt == 0 or any(kind not in (SLIDE, HINGE) for kind in model.jnt_type):
        return None
    for letter, plane in (("y", "xz"), ("z", "xy"), ("x", "yz")):
        axis = "xyz".index(letter)
        normal = np.eye(3)[axis]
        aligned = all((abs(abs(a[axis]) - 1) < 1e-12) if kind == HINGE else abs(a[axis]) < 1e-12 for kind, a in zip(model.jnt_type, data.xaxis))
        if not aligned or any(np.abs(data.xmat[b].reshape(3, 3) @ normal - normal).max() > 1e-12 for b in range(model.nbody)):
            continue
        # What can be touched has to be symmetric about the plane, or the contact's direction would leave it.
        depths = set()
        for p in pairs:
            for g in (p["geom1"], p["geom2"]):
                along = abs(data.geom_xmat[g].reshape(3, 3)[axis, 2])
                if model.geom_type[g] == CAPSULE and min(along, 1 - along) > 1e-12:
                    break
                if p["type1"] != PLANE:
                    depths.add(round(float(data.geom_xpos[g][axis]), 12))
                    if model.geom_type[g] == CAPSULE and along > 0.5:
                        depths.add(math.nan)
            else:
                continue
            break
        else:
            if len(depths) <= 1 and not any(p["type1"] == PLANE and letter == "z" for p in pairs):
                inertia = [float((data.ximat[b].reshape(3, 3)[axis] ** 2 * model.body_inertia[b]).sum()) for b in range(model.nbody)]
                return {"normal_axis": letter, "in_plane_axes": plane, "inertia_about_normal": inertia}
    return None


# ---------------------------------------------------------------------------------------------------------------------
# The file.


def sections(model, pairs, planar):
    """Everything but the name, the environment and the task."""
    opt = model.opt
    result = {
        "mujoco": mujoco.__version__,
        "sizes": {key: int(getattr(model, key)) for key in ("nq", "nv", "nu", "nbody", "njnt", "ngeom", "nsite", "ntendon")},
        "opt": {
            "timestep": float(opt.timestep), "integrator": INTEGRATOR[opt.integrator], "cone": CONE[opt.cone], "solver": SOLVER[opt.solver],
            "iterations": int(opt.iterations), "tolerance": float(opt.tolerance), "ls_iterations": int(opt.ls_iterations), "ls_tolerance": float(opt.ls_tolerance),
            "impratio": float(opt.impratio), "gravity": opt.gravity.tolist(), "density": float(opt.density), "viscosity": float(opt.viscosity), "wind": opt.wind.tolist(),
            "noslip_iterations": int(opt.noslip_iterations), "disableflags": int(opt.disableflags), "enableflags": int(opt.enableflags),
            "meaninertia": float(model.stat.meaninertia)},
        "qpos0": model.qpos0.tolist(), "qpos_spring": model.qpos_spring.tolist(),
    }

    def arrays(prefix, keys):
        return {key: getattr(model, f"{prefix}_{key}").tolist() for key in keys.split()}

    result["body"] = {"name": names(model, "BODY", model.nbody)} | arrays(
        "body", "parentid rootid weldid jntadr jntnum dofadr dofnum geomadr geomnum pos quat ipos iquat mass inertia subtreemass invweight0")
    result["joint"] = {"name": names(model, "JOINT", model.njnt), "type": [JOINT[int(t)] for t in model.jnt_type]} | arrays(
        "jnt", "bodyid qposadr dofadr pos axis stiffness limited range margin solref solimp")
    result["joint"]["limited"] = [int(x) for x in model.jnt_limited]
    result["dof"] = arrays("dof", "bodyid jntid parentid armature damping frictionloss invweight0")
    result["geom"] = {"name": names(model, "GEOM", model.ngeom), "type": [GEOM[int(t)] for t in model.geom_type]} | arrays(
        "geom", "bodyid contype conaffinity condim size pos quat friction margin gap solmix solref solimp")
    result["site"] = {"name": names(model, "SITE", model.nsite)} | arrays("site", "bodyid pos")
    joints = [int(j) for j in model.actuator_trnid[:, 0]]
    result["actuator"] = {
        "name": names(model, "ACTUATOR", model.nactuator), "joint": joints, "dof": [int(model.jnt_dofadr[j]) for j in joints],
        "gear": [float(g[0] * k[0]) for g, k in zip(model.actuator_gear, model.actuator_gainprm)], "ctrlrange": model.actuator_ctrlrange.tolist()}
    result["collision_pairs"] = pairs
    if planar:
        result["planar"] = planar
    return result


# ---------------------------------------------------------------------------------------------------------------------
# Tasks.

OBSERVED = ["qpos", "qvel", "cinert", "cvel", "qfrc_actuator", "cfrc_ext"]


def locomotion_defaults(model):
    free = model.njnt > 0 and int(model.jnt_type[0]) == FREE
    return {"kind": "locomotion", "progress": "torso" if free else "root", "forward_reward_weight": 1, "ctrl_cost_weight": 0.1,
            "healthy_reward": 0, "terminate_when_unhealthy": True, "healthy_z_range": None, "healthy_z_closed": False, "healthy_angle_range": None,
            "healthy_state_range": None, "contact_cost_weight": 0, "contact_force_range": None, "contact_cost_range": None, "reset_noise_scale": 0.01,
            "reset_velocity_noise": "uniform", "velocity_clip": None, "exclude_current_positions_from_observation": True, "observation": ["qpos", "qvel"],
            "time_limit": 1000}


def locomotion_task(model, settings):
    """The task section from defaults and settings, without what is not used. Refuses what the kernels don't know."""
    task = locomotion_defaults(model)

    def bad(key, accepted):
        raise SystemExit(f"--set {key} is {json.dumps(settings[key])}; accepted: {accepted}")

    for key, value in settings.items():
        if key not in task or key == "kind":
            raise SystemExit(f"--set {key}: there is no such setting; accepted: {', '.join(k for k in task if k != 'kind')}")
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if key.endswith("_range"):
            ends = value if isinstance(value, list) and len(value) == 2 else [math.nan]
            if not all(e is None or (isinstance(e, (int, float)) and math.isfinite(e)) for e in ends) or (None not in ends and ends[0] > ends[1]):
                bad(key, "[low, high], either may be null")
        elif key == "progress" and value not in ("root", "torso", "center_of_mass"):
            bad(key, "root, torso, center_of_mass")
        elif key == "reset_velocity_noise" and value not in ("uniform", "normal"):
            bad(key, "uniform, normal")
        elif key == "observation" and (not isinstance(value, list) or not value or any(v not in OBSERVED for v in value) or len(set(value)) != len(value)):
            bad(key, f"a list of {', '.join(OBSERVED)}")
        elif key in ("terminate_when_unhealthy", "healthy_z_closed", "exclude_current_positions_from_observation") and not isinstance(value, bool):
            bad(key, "true, false")
        elif key == "time_limit" and not (isinstance(value, int) and value >= 1):
            bad(key, "a whole number from 1")
        elif (key.endswith("_weight") or key in ("healthy_reward", "reset_noise_scale")) and not number:
            bad(key, "a number")
        elif key == "velocity_clip" and not (value is None or (number and value > 0)):
            bad(key, "a number above 0, or null")
        task[key] = value
    first = int(model.jnt_type[0])
    if not any(task[k] for k in ("healthy_z_range", "healthy_angle_range", "healthy_state_range")):
        for key in ("terminate_when_unhealthy", "healthy_z_closed"):
            task.pop(key)
        if not task["healthy_reward"]:
            task.pop("healthy_reward")
    elif not task["healthy_z_closed"]:
        task.pop("healthy_z_closed")
    if task["healthy_z_range"] and first != FREE and not (model.njnt > 1 and model.jnt_type[1] == SLIDE and model.jnt_axis[1][2] == 1):
        raise SystemExit("healthy_z_range reads the root's height, which a free joint or a second joint that slides along z gives; this model has neither")
    if task["healthy_angle_range"] and not (model.njnt > 2 and model.jnt_type[2] == HINGE):
        raise SystemExit("healthy_angle_range reads the angle of a planar root, qpos[2], which the third joint gives if it is a hinge; this model has none")
    if not task["contact_cost_weight"]:
        for key in ("contact_cost_weight", "contact_cost_range"):
            task.pop(key)
        if "cfrc_ext" not in task["observation"]:
            task.pop("contact_force_range")
    return {key: value for key, value in task.items() if value is not None}


def observation_size(model, task):
    hidden = 0
    if task["exclude_current_positions_from_observation"]:
        hidden = 2 if model.jnt_type[0] == FREE else sum(recentred(model, axis) is not None for axis in (0, 1))
    actuated = model.nv - (6 if model.jnt_type[0] == FREE else 0)
    sizes = {"qpos": model.nq - hidden, "qvel": model.nv, "cinert": 10 * (model.nbody - 1), "cvel": 6 * (model.nbody - 1), "qfrc_actuator": actuated,
             "cfrc_ext": 6 * (model.nbody - 1)}
    return sum(sizes[part] for part in task["observation"])


def from_mjcf(options):
    try:
        model = mujoco.MjModel.from_xml_path(options.model)
    except (ValueError, OSError) as error:
        raise SystemExit(f"{options.model}: {str(error).strip()}")
    settings = {}
    for text in options.set:
        key, equals, value = text.partition("=")
        if not equals:
            raise SystemExit(f"--set {text}: key=value is accepted")
        try:
            settings[key] = json.loads(value)
        except json.JSONDecodeError:
            settings[key] = value
    if options.frame_skip < 1:
        raise SystemExit(f"--frame-skip is {options.frame_skip}; accepted: a whole number from 1")
    pairs = collision_pairs(model)
    planar = planar_section(model, pairs)
    task = locomotion_task(model, settings) if model.njnt else locomotion_defaults(model)
    found = refusals(model, pairs, planar, task)
    if found:
        return model, None, found
    healthy = [f"{low if low is not None else '-inf'} .. {high if high is not None else 'inf'} of {what}"
               for key, what in (("healthy_z_range", "the root's height"), ("healthy_angle_range", "the root's angle"), ("healthy_state_range", "qpos[2:] and qvel"))
               for low, high in [task.get(key) or (None, None)] if task.get(key)]
    bound = model.actuator_ctrlrange
    env = {"frame_skip": options.frame_skip, "dt": options.frame_skip * float(model.opt.timestep), "obs_size": observation_size(model, task),
           "init_qpos": model.qpos0.tolist(), "init_qvel": [0.0] * model.nv, "action_low": bound[:, 0].tolist(), "action_high": bound[:, 1].tolist(),
           "obs": task["observation"], "reward": f"{task['forward_reward_weight']:g} d({task['progress']} x)/dt + {task.get('healthy_reward', 0):g} while healthy - {task['ctrl_cost_weight']:g} sum(action^2)",
           "terminated": "not healthy; healthy = " + " and ".join(healthy) if healthy and task["terminate_when_unhealthy"] else "never",
           "reset": f"qpos: init + U(-{task['reset_noise_scale']:g}, {task['reset_noise_scale']:g}); qvel: the same, {task['reset_velocity_noise']}", "time_limit": task["time_limit"]}
    title = options.name or os.path.splitext(os.path.basename(options.model))[0]
    parts = sections(model, pairs, planar)
    file = {"name": title, "source": os.path.basename(options.model), "mujoco": parts.pop("mujoco"), "sizes": parts.pop("sizes"), "env": env} | parts | {"task": task}
    return model, file, []


# How Gymnasium's tasks read, in words: observation, reward, termination, reset. The numbers themselves are read from the tasks.
GYM_WORDS = {
    "InvertedPendulum": (["qpos[0:2]", "qvel[0:2]"], "1 if not terminated else 0", "any obs not finite, or |qpos[1]| > 0.2", "qpos, qvel: init + U(-0.01, 0.01)"),
    "InvertedDoublePendulum": (
        ["qpos[0]", "sin(qpos[1:3])", "cos(qpos[1:3])", "clip(qvel[0:3], -10, 10)", "clip(qfrc_constraint[0], -10, 10)"],
        "10*(not terminated) - (0.01 x^2 + (y-2)^2) - (1e-3 qvel[1]^2 + 5e-3 qvel[2]^2); (x, y) = world x and z of site 'tip' left by the last physics substep",
        "y <= 1", "qpos: init + U(-0.1, 0.1); qvel: init + 0.1 N(0,1)"),
    "Reacher": (
        ["cos(qpos[0:2])", "sin(qpos[0:2])", "qpos[2:4]", "qvel[0:2]", "(xpos[fingertip] - xpos[target])[0:2]"], "-|xpos[fingertip] - xpos[target]| (3D) - sum(action^2)", "never",
        "qpos: init + U(-0.1, 0.1), then qpos[2:4] = uniform in the disc of radius 0.2; qvel: init + U(-0.005, 0.005), qvel[2:4] = 0"),
    "Swimmer": (["qpos[2:5]", "qvel[0:5]"], "(qpos[0]' - qpos[0]) / dt - 1e-4 sum(action^2)", "never", "qpos, qvel: init + U(-0.1, 0.1)"),
    "Hopper": (
        ["qpos[1:6]", "clip(qvel[0:6], -10, 10)"], "(qpos[0]' - qpos[0]) / dt + 1*healthy - 1e-3 sum(action^2)",
        "not healthy; healthy = all(-100 < qpos[2:], qvel < 100) and qpos[1] > 0.7 and |qpos[2]| < 0.2", "qpos, qvel: init + U(-5e-3, 5e-3)"),
    "HalfCheetah": (["qpos[1:9]", "qvel[0:9]"], "(qpos[0]' - qpos[0]) / dt - 0.1 sum(action^2)", "never", "qpos: init + U(-0.1, 0.1); qvel: init + 0.1 N(0,1)"),
    "Walker2d": (
        ["qpos[1:9]", "clip(qvel[0:9], -10, 10)"], "(qpos[0]' - qpos[0]) / dt + 1*healthy - 1e-3 sum(action^2)",
        "not healthy; healthy = 0.8 < qpos[1] < 2.0 and |qpos[2]| < 1.0", "qpos, qvel: init + U(-5e-3, 5e-3)"),
    "Ant": (
        ["qpos[2:15]", "qvel[0:14]", "clip(cfrc_ext[1:14], -1, 1)"],
        "(x' - x) / dt + 1*healthy - 0.5 sum(action^2) - 5e-4 sum(clip(cfrc_ext, -1, 1)^2); x = xpos[torso][0] as left by the last physics substep",
        "not healthy; healthy = state finite and 0.2 <= qpos[2] <= 1.0",
        "qpos: init + U(-0.1, 0.1) (also on the quaternion, not renormalised in the obs); qvel: init + 0.1 N(0,1)"),
    "Humanoid": (
        ["qpos[2:24]", "qvel[0:23]", "cinert[1:14] (10 each)", "cvel[1:14] (6 each)", "qfrc_actuator[6:23]", "cfrc_ext[1:14] (6 each)"],
        "1.25 (X' - X) / dt + 5*healthy - 0.1 sum(ctrl^2) - min(5e-7 sum(cfrc_ext^2), 10); X = mass-weighted mean of xipos[:,0] as left by the last physics substep",
        "not healthy; healthy = 1.0 < qpos[2] < 2.0", "qpos, qvel: init + U(-0.01, 0.01)"),
}
# What Gymnasium's code has as literals or as its form, so that no attribute tells it.
GYM_FORM = {
    "InvertedPendulum": {"kind": "inverted_pendulum", "reset_velocity_noise": "uniform", "observation": ["qpos", "qvel"], "exclude_current_positions_from_observation": False},
    "InvertedDoublePendulum": {"kind": "inverted_double_pendulum", "reset_velocity_noise": "normal", "velocity_clip": 10},
    "Reacher": {"kind": "reacher", "reset_noise_scale": 0.1, "reset_velocity_noise": "uniform"},
    "Swimmer": {"kind": "locomotion", "progress": "root", "reset_velocity_noise": "uniform", "observation": ["qpos", "qvel"]},
    "Hopper": {"kind": "locomotion", "progress": "root", "reset_velocity_noise": "uniform", "velocity_clip": 10, "observation": ["qpos", "qvel"]},
    "HalfCheetah": {"kind": "locomotion", "progress": "root", "reset_velocity_noise": "normal", "observation": ["qpos", "qvel"]},
    "Walker2d": {"kind": "locomotion", "progress": "root", "reset_velocity_noise": "uniform", "velocity_clip": 10, "observation": ["qpos", "qvel"]},
    "Ant": {"kind": "locomotion", "progress": "torso", "healthy_z_closed": True, "reset_velocity_noise": "normal"},
    "Humanoid": {"kind": "locomotion", "progress": "center_of_mass", "reset_velocity_noise": "uniform"},
}
TASK_KEYS = ["kind", "progress", "reward_dist_weight", "reward_control_weight", "forward_reward_weight", "ctrl_cost_weight", "healthy_reward", "terminate_when_unhealthy",
             "healthy_z_range", "healthy_z_closed", "healthy_angle_range", "healthy_state_range", "contact_cost_weight", "contact_force_range", "contact_cost_range",
             "reset_noise_scale", "reset_velocity_noise", "velocity_clip", "exclude_current_positions_from_observation", "observation", "time_limit"]


def from_gym(options):
    import gymnasium

    title, _, version = options.gym.partition("-")
    if title not in GYM_WORDS or version != "v5":
        raise SystemExit(f"--gym is {options.gym}; accepted: {', '.join(t + '-v5' for t in GYM_WORDS)}")
    env = gymnasium.make(options.gym)
    inner, limit = env.unwrapped, env.spec.max_episode_steps
    model = inner.model
    task = dict(GYM_FORM[title])
    for key in TASK_KEYS:
        value = getattr(inner, f"_{key}", None)
        if value is not None:
            if key.endswith("_range"):
                value = [float(end) if math.isfinite(end) else None for end in value]
            task[key] = value
    if title in ("Ant", "Humanoid"):
        task["observation"] = ["qpos", "qvel"] + [part for part in OBSERVED[2:] if getattr(inner, f"_include_{part}_in_observation", False)]
    task["time_limit"] = limit
    task = {key: task[key] for key in TASK_KEYS if key in task}
    pairs = collision_pairs(model)
    planar = planar_section(model, pairs)
    found = refusals(model, pairs, planar, task)
    if found:
        return model, None, found
    words = GYM_WORDS[title]
    space = env.action_space
    section = {"frame_skip": int(inner.frame_skip), "dt": float(inner.dt), "obs_size": int(env.observation_space.shape[0]), "init_qpos": inner.init_qpos.tolist(),
               "init_qvel": inner.init_qvel.tolist(), "action_low": widened(space.low), "action_high": widened(space.high),
               "obs": words[0], "reward": words[1], "terminated": words[2], "reset": words[3], "time_limit": limit}
    parts = sections(model, pairs, planar)
    file = {"name": title, "source": f"Gymnasium {gymnasium.__version__}, {options.gym}", "mujoco": parts.pop("mujoco"), "sizes": parts.pop("sizes"), "env": section} | parts | {"task": task}
    return model, file, []


def widened(bounds):
    """float32 bounds as the decimal numbers that they were written as: 0.4, not 0.4000000059604645."""
    return [float(str(np.float32(x))) for x in bounds]


# ---------------------------------------------------------------------------------------------------------------------
# JSON in the form of the shipped files, and comparison with one of them.


def dumps(value, indent=0):
    pad = " " * (indent + 1)
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{pad}{json.dumps(k)}: {dumps(v, indent + 1)}" for k, v in value.items()) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], (list, dict)):
        return "[\n" + ",\n".join(pad + dumps(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
    return json.dumps(value)


def compare(ours, theirs, path="", tolerance=1e-12):
    """(count of values, worst relative difference of numbers, list of what differs)."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        result = [0, 0.0, [f"{path}.{k} is only in {'the model' if k in ours else 'the file'}" for k in ours.keys() ^ theirs.keys()]]
        parts = [(ours[k], theirs[k], f"{path}.{k}") for k in ours.keys() & theirs.keys()]
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [0, 0.0, [f"{path} has {len(ours)} elements in the model and {len(theirs)} in the file"]]
        result, parts = [0, 0.0, []], [(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(ours, theirs))]
    else:
        numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (ours, theirs))
        difference = abs(ours - theirs) / (1 + abs(theirs)) if numbers else 0.0
        differs = difference > tolerance if numbers else ours != theirs
        return [1, difference, [f"{path} is {ours!r} in the model and {theirs!r} in the file"] if differs else []]
    for a, b, where in parts:
        count, worst, differing = compare(a, b, where, tolerance)
        result[0] += count
        result[1] = max(result[1], worst)
        result[2] += differing
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="an MJCF file")
    parser.add_argument("--gym", metavar="NAME", help="one of Gymnasium's tasks, such as Hopper-v5")
    parser.add_argument("--name", help="the model's name; by default the file's")
    parser.add_argument("--frame-skip", type=int, default=5, help="physics steps per environment step (MJCF only; default 5)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the task section as JSON (MJCF only); may be repeated. "
                        "Defaults: forward_reward_weight 1, ctrl_cost_weight 0.1, no health condition, reset_noise_scale 0.01, time_limit 1000")
    parser.add_argument("--out", help="where to write; by default standard output")
    parser.add_argument("--compare", metavar="FILE", help="write nothing; compare every value with those of this file (numbers to 1e-12), exit status 1 if any differs")
    options = parser.parse_args()
    if (options.model is None) == (options.gym is None):
        parser.error("give an MJCF file or --gym NAME, and not both")
    if options.gym and options.set:
        parser.error("--set goes with an MJCF file")
    model, file, found = from_gym(options) if options.gym else from_mjcf(options)
    if found:
        print(f"{options.gym or options.model}: the kernels can't carry {len(found)} feature{'s' if len(found) > 1 else ''} of this model:", file=sys.stderr)
        for line in found:
            print(f"  {line}", file=sys.stderr)
        sys.exit(1)
    touched = check_pairs(model, file["collision_pairs"])
    if options.compare:
        count, worst, differing = compare(file, json.load(open(options.compare)))
        for line in differing:
            print(line.lstrip("."))
        print(f"{file['name']}: {count} values compared with {options.compare}, worst difference {worst:.1e}, {len(differing)} differ; "
              f"{touched} of {len(file['collision_pairs'])} pairs seen touching in random states")
        sys.exit(1 if differing else 0)
    text = dumps(file) + "\n"
    if options.out:
        with open(options.out, "w") as out:
            out.write(text)
        kind = f"planar ({file['planar']['in_plane_axes']})" if "planar" in file else "three-dimensional"
        print(f"{options.out}: {file['name']}, {kind}, {model.nv} degrees of freedom, {model.nu} actions, {file['env']['obs_size']} observations, "
              f"{len(file['collision_pairs'])} pairs that can touch", file=sys.stderr)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
