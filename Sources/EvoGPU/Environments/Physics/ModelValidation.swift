import Foundation

extension PhysicsModel {
    /// Checks that sizes, indices and numbers fit together, so that what is made of the model neither reads beyond an
    /// array nor divides by zero. What no engine carries is refused later, where it is known which engine it is
    /// (``kernelText(name:terrain:)``).
    ///
    /// - Throws: ``RunError`` naming the first entry that doesn't fit, its value and what is accepted.
    func validate(_ path: String) throws {
        func refuse(_ what: String, _ value: any CustomStringConvertible, _ accepted: String) -> RunError {
            RunError("\(path): \(what) is \(value); accepted: \(accepted)")
        }
        func count<T>(_ what: String, _ values: [T], _ wanted: Int) throws {
            guard values.count == wanted else {
                throw refuse("the number of entries of \(what)", values.count, "\(wanted)")
            }
        }
        /// Numbers that float32 holds, with room for products of two.
        func numbers(_ what: String, _ values: [Double], _ wanted: Int, in range: ClosedRange<Double> = -1e10...1e10)
            throws
        {
            try count(what, values, wanted)
            if let odd = values.first(where: { !range.contains($0) }) {
                throw refuse("a number of \(what)", odd, "from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        func rows(
            _ what: String, _ values: [[Double]], _ wanted: Int, of width: Int,
            in range: ClosedRange<Double> = -1e10...1e10
        ) throws {
            try count(what, values, wanted)
            for row in values { try numbers("a row of \(what)", row, width, in: range) }
        }
        func indices(_ what: String, _ values: [Int], _ wanted: Int, in range: Range<Int>) throws {
            try count(what, values, wanted)
            if let odd = values.first(where: { !range.contains($0) }) {
                throw refuse(
                    "an index of \(what)", odd,
                    range.isEmpty ? "none" : "from \(range.lowerBound) to \(range.upperBound - 1)")
            }
        }
        func quaternions(_ what: String, _ values: [[Double]], _ wanted: Int) throws {
            try rows(what, values, wanted, of: 4)
            if let odd = values.first(where: { !(0.5...2 ~= $0.map { $0 * $0 }.reduce(0, +)) }) {
                throw refuse("a quaternion of \(what)", odd, "one of length 1")
            }
        }
        let (nq, nv, nu, nbody) = (sizes.nq, sizes.nv, sizes.nu, sizes.nbody), positive = 1e-15...1e10,
            notNegative = 0...1e10
        for (key, size) in [("nq", nq), ("nv", nv), ("nu", nu), ("nbody", nbody)] where !(1...4096).contains(size) {
            throw refuse("sizes.\(key)", size, "a whole number from 1 to 4096")
        }

        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
            throw refuse("name", name.debugDescription, "a line of text")
        }
        try numbers("opt.timestep", [opt.timestep], 1, in: 1e-6...1)
        try numbers("opt.gravity", opt.gravity, 3)
        try numbers("opt.density and opt.viscosity", [opt.density, opt.viscosity], 2, in: notNegative)
        guard opt.cone == "pyramidal" else { throw refuse("opt.cone", opt.cone, "pyramidal") }
        guard opt.impratio == 1 else { throw refuse("opt.impratio", opt.impratio, "1") }
        guard (1...1000).contains(env.frame_skip) else {
            throw refuse("env.frame_skip", env.frame_skip, "a whole number from 1 to 1000")
        }
        guard abs(env.dt - Double(env.frame_skip) * opt.timestep) <= 1e-9 * env.dt else {
            throw refuse(
                "env.dt", env.dt, "env.frame_skip times opt.timestep, \(Double(env.frame_skip) * opt.timestep)")
        }
        for (key, values, wanted) in [
            ("qpos0", qpos0, nq), ("qpos_spring", qpos_spring, nq), ("env.init_qpos", env.init_qpos, nq),
            ("env.init_qvel", env.init_qvel, nv),
            ("env.action_low", env.action_low, nu), ("env.action_high", env.action_high, nu)
        ] { try numbers(key, values, wanted) }
        for (low, high) in zip(env.action_low, env.action_high) where !(low < high) {
            throw refuse("an action's range", "[\(low), \(high)]", "a lower and a higher bound")
        }

        try count("body.name", body.name, nbody)
        try indices("body.parentid", body.parentid, nbody, in: 0..<nbody)
        if let b = (1..<nbody).first(where: { body.parentid[$0] >= $0 }) {
            throw refuse("body.parentid of body \(b)", body.parentid[b], "a body before it")
        }
        for (key, values) in [("pos", body.pos), ("ipos", body.ipos)] { try rows("body.\(key)", values, nbody, of: 3) }
        for (key, values) in [("quat", body.quat), ("iquat", body.iquat)] {
            try quaternions("body.\(key)", values, nbody)
        }
        try numbers("body.mass", body.mass, nbody, in: notNegative)
        try rows("body.inertia", body.inertia, nbody, of: 3, in: notNegative)
        if let b = (0..<nbody).first(where: { body.mass[$0] > 0 && body.inertia[$0].contains(0) }) {
            throw refuse("body.inertia of body \(b), which has mass,", body.inertia[b], "numbers above 0")
        }

        // Joints lie in their bodies' order, and positions and dofs in theirs.
        let njnt = joint.name.count, widths = ["free": (7, 6), "ball": (4, 3), "hinge": (1, 1), "slide": (1, 1)]
        for (key, values) in [("jntadr", body.jntadr), ("jntnum", body.jntnum)] {
            try count("body.\(key)", values, nbody)
        }
        var next = 0
        for b in 0..<nbody {
            guard body.jntnum[b] == 0 || (body.jntadr[b] == next && body.jntnum[b] > 0 && body.jntnum[b] <= njnt - next)
            else {
                throw refuse(
                    "body.jntadr and body.jntnum of body \(b)", "\(body.jntadr[b]) and \(body.jntnum[b])",
                    "joints that follow those of the bodies before, of \(njnt)")
            }
            next += body.jntnum[b]
        }
        guard next == njnt else {
            throw refuse("the number of joints that bodies have", next, "\(njnt), as joint.name has")
        }
        for (key, values) in [
            ("type", joint.type.count), ("qposadr", joint.qposadr.count), ("dofadr", joint.dofadr.count),
            ("limited", joint.limited.count)
        ] where values != njnt {
            throw refuse("the number of entries of joint.\(key)", values, "\(njnt)")
        }
        try indices("joint.bodyid", joint.bodyid, njnt, in: 0..<nbody)
        for (key, values, width) in [
            ("pos", joint.pos, 3), ("axis", joint.axis, 3), ("range", joint.range, 2), ("solref", joint.solref, 2),
            ("solimp", joint.solimp, 5)
        ] {
            try rows("joint.\(key)", values, njnt, of: width)
        }
        try numbers("joint.stiffness", joint.stiffness, njnt, in: notNegative)
        try numbers("joint.margin", joint.margin, njnt)
        for (key, values) in [("armature", dof.armature), ("damping", dof.damping), ("invweight0", dof.invweight0)] {
            try numbers("dof.\(key)", values, nv, in: notNegative)
        }
        var (q, d) = (0, 0)
        for j in 0..<njnt {
            let what = "joint \(joint.name[j])"
            guard let width = widths[joint.type[j]] else {
                throw refuse("the type of \(what)", joint.type[j], "free, hinge, slide")
            }
            guard joint.qposadr[j] == q, joint.dofadr[j] == d else {
                throw refuse(
                    "qposadr and dofadr of \(what)", "\(joint.qposadr[j]) and \(joint.dofadr[j])",
                    "\(q) and \(d), after those before")
            }
            (q, d) = (q + width.0, d + width.1)
            guard q <= nq, d <= nv else {
                throw refuse(
                    "sizes.nq and sizes.nv", "\(nq) and \(nv)", "at least \(q) and \(d), which the joints take")
            }
            if width.1 == 1, abs(joint.axis[j].map { $0 * $0 }.reduce(0, +) - 1) > 1e-6 {
                throw refuse("the axis of \(what)", joint.axis[j], "one of length 1")
            }
            if joint.limited[j] != 0, !(dof.invweight0[joint.dofadr[j]] > 0) {
                throw refuse(
                    "dof.invweight0 of \(what), which is limited,", dof.invweight0[joint.dofadr[j]], "a number above 0")
            }
        }
        guard (q, d) == (nq, nv) else {
            throw refuse("sizes.nq and sizes.nv", "\(nq) and \(nv)", "\(q) and \(d), as the joints take")
        }

        let ngeom = geom.name.count
        try count("geom.type", geom.type, ngeom)
        try indices("geom.bodyid", geom.bodyid, ngeom, in: 0..<nbody)
        for (key, values) in [("size", geom.size), ("pos", geom.pos)] { try rows("geom.\(key)", values, ngeom, of: 3) }
        try quaternions("geom.quat", geom.quat, ngeom)
        try count("site.name", site.name, site.bodyid.count)
        try indices("site.bodyid", site.bodyid, site.bodyid.count, in: 0..<nbody)
        try rows("site.pos", site.pos, site.bodyid.count, of: 3)
        try indices("actuator.dof", actuator.dof, nu, in: 0..<nv)
        try numbers("actuator.gear", actuator.gear, nu)
        try rows("actuator.ctrlrange", actuator.ctrlrange, nu, of: 2)
        if let odd = actuator.ctrlrange.first(where: { !($0[0] <= $0[1]) }) {
            throw refuse("a row of actuator.ctrlrange", odd, "a lower and an upper bound")
        }

        for pair in collision_pairs {
            try indices("collision_pairs", [pair.geom1, pair.geom2], 2, in: 0..<ngeom)
            let what = "collision_pairs of geoms \(pair.geom1) and \(pair.geom2)"
            guard pair.geom1 != pair.geom2, pair.body1 == geom.bodyid[pair.geom1], pair.body2 == geom.bodyid[pair.geom2]
            else {
                throw refuse("body1 and body2 in \(what)", "\(pair.body1) and \(pair.body2)", "the bodies of two geoms")
            }
            try numbers("friction in \(what)", pair.friction, 5, in: notNegative)
            guard pair.condim == 1 || pair.friction[0] > 0 else {
                throw refuse("friction in \(what)", pair.friction, "sliding friction above 0, or condim 1")
            }
            guard pair.friction[0] == pair.friction[1] else {
                throw refuse(
                    "sliding friction in \(what)", "[\(pair.friction[0]), \(pair.friction[1])]", "two equal numbers")
            }
            try numbers("margin in \(what)", [pair.margin], 1)
            try numbers("invweight_tran in \(what)", [pair.invweight_tran], 1, in: positive)
            try numbers("solref in \(what)", pair.solref, 2)
            try numbers("solimp in \(what)", pair.solimp, 5)
            for g in [pair.geom1, pair.geom2] where ["sphere", "capsule"].contains(geom.type[g]) {
                guard geom.size[g][0] > 0, geom.type[g] == "sphere" || geom.size[g][1] > 0 else {
                    throw refuse(
                        "the size of \(geom.type[g]) \(g), which can touch another,", geom.size[g],
                        "a radius above 0, and half a length above 0 of a capsule")
                }
            }
        }
    }
}
