import Foundation

/// A reason why a model can't have the planar form; it may still have the general one.
struct NotPlanar: Error, CustomStringConvertible { let description: String }

extension LinkedModel {
    /// The lists of a model that moves in one plane, as `planar.cl` reads them. With `terrain`, only what differs on
    /// hills: it follows the text of the same model without.
    ///
    /// - Throws: ``NotPlanar`` if it needs the three-dimensional engine; ``RunError`` if no engine carries it.
    func planarSource(name: String, terrain: Bool = false) throws -> String {
        try PlanarWriter(self).text(name: name, terrain: terrain)
    }
}

private struct PlanarWriter {
    typealias Plane = SIMD2<Double>
    let linked: LinkedModel
    let model: PhysicsModel
    let vertical: Bool  // the plane is x and z, so gravity and a floor lie in it
    /// Per link: the hinge whose frame its constants are in (-1: the world's), of its own and of the frame that its
    /// joint is in; and the rotation of its frame's axes in that one.
    let frame: [Int], parentFrame: [Int], turn: [Plane]

    init(_ linked: LinkedModel) throws {
        self.linked = linked
        model = linked.model
        guard let planar = model.planar else { throw NotPlanar(description: "no plane is given") }
        vertical = planar.in_plane_axes == "xz"
        guard vertical || planar.in_plane_axes == "xy" else {
            throw NotPlanar(description: "the plane is \(planar.in_plane_axes)")
        }
        guard model.task.progress ?? .root == .root else {
            throw NotPlanar(description: "progress is measured by \(model.task.progress!.rawValue)")
        }
        let normal = vertical ? Vector(0, 1, 0) : Vector(0, 0, 1)
        var frame: [Int] = [], parentFrame: [Int] = [], turn: [Plane] = []
        for (index, link) in linked.links.enumerated() {
            guard link.type != .free, link.dof == index, link.qpos == index else {
                throw NotPlanar(description: "a free joint")
            }
            let above = link.parent < 0 ? Plane(1, 0) : turn[link.parent], own = link.rotation
            guard dot(own * normal, normal) > 1 - 1e-9 else {
                throw NotPlanar(description: "a frame turned out of the plane")
            }
            let onAxis = abs(dot(own * link.axis, normal))
            guard link.type == .hinge ? onAxis > 1 - 1e-9 : onAxis < 1e-9 else {
                throw NotPlanar(description: "a joint out of the plane")
            }
            parentFrame.append(link.parent < 0 ? -1 : frame[link.parent])
            frame.append(link.type == .hinge ? index : parentFrame[index])
            turn.append(Self.rotate(above, Self.project(own.x, vertical)))
        }
        (self.frame, self.parentFrame, self.turn) = (frame, parentFrame, turn)
    }

    static func project(_ v: Vector, _ vertical: Bool) -> Plane { Plane(v.x, vertical ? v.z : v.y) }
    static func rotate(_ by: Plane, _ v: Plane) -> Plane { Plane(by.x * v.x - by.y * v.y, by.y * v.x + by.x * v.y) }
    /// A vector of a link's frame in the frame that its constants are in.
    func inFrame(_ link: Int, _ v: Vector) -> Plane {
        let flat = Self.project(v, vertical)
        return link < 0 ? flat : Self.rotate(turn[link], flat)
    }
    /// +1 where the joint's positive sense is from the plane's first axis to its second.
    func sign(_ link: Int) -> Double {
        let axis = linked.links[link].rotation * linked.links[link].axis
        return linked.links[link].type == .slide ? 1 : vertical ? (axis.y > 0 ? -1 : 1) : (axis.z > 0 ? 1 : -1)
    }
    func direction(_ link: Int) -> Plane {
        linked.links[link].type == .slide ? inFrame(link, linked.links[link].axis) : Plane()
    }
    func type(_ link: Int) -> String { linked.links[link].type == .slide ? "SLIDE" : "HINGE" }
    func ancestors(_ link: Int) -> [Int] {
        var chain: [Int] = [], at = linked.links[link].parent
        while at >= 0 { chain.append(at); at = linked.links[at].parent }
        return chain
    }
    func point(_ body: Int, _ position: [Double]) -> (link: Int, at: Plane) {
        let place = linked.places[body]
        return (place.link, inFrame(place.link, place.offset + place.rotation * Vector(position)))
    }
    /// Half a capsule's axis, in the frame of its link.
    func half(_ geom: Int) throws -> Plane {
        let geoms = model.geom, place = linked.places[geoms.bodyid[geom]]
        return inFrame(place.link, place.rotation * Rotation.quaternion(geoms.quat[geom]).z * geoms.size[geom][1])
    }
    /// A root slide whose position changes nothing: along a level direction, free of limits and springs.
    func recentred(_ link: Int, along axis: Plane) -> Bool {
        guard linked.links.indices.contains(link), linked.links[link].type == .slide, frame[link] < 0 else {
            return false
        }
        let joint = linked.links[link].joint
        return direction(link) == axis && model.joint.limited[joint] == 0 && model.joint.stiffness[joint] == 0
            && linked.links[...link].allSatisfy { $0.type == .slide }
    }

    func text(name: String, terrain: Bool) throws -> String {
        let links = linked.links, count = links.count, timestep = model.opt.timestep, task = model.task
        func call(_ name: String, _ arguments: any CustomStringConvertible...) -> String {
            SourceText.call(name, arguments)
        }
        var below = links.map(\.mass)
        for link in (0..<count).reversed() where links[link].parent >= 0 { below[links[link].parent] += below[link] }

        let linkLines = (0..<count).map { d in
            let offset = inFrame(links[d].parent, links[d].offset), u = direction(d)
            return call(
                "LINK", d, links[d].parent, parentFrame[d], type(d), sign(d), offset.x, offset.y, u.x, u.y,
                links[d].type == .hinge ? model.qpos0[d] : 0)
        }
        let massLines = (0..<count).filter { links[$0].mass > 0 }.map { d in
            let centre = inFrame(d, links[d].centre), moment = vertical ? links[d].inertia.yy : links[d].inertia.zz
            return call(
                "MASS", d, frame[d], links[d].mass, centre.x, centre.y, moment + links[d].mass * (centre * centre).sum()
            )
        }
        let upLines = (0..<count).reversed().filter { links[$0].parent >= 0 }.map {
            call("UP", $0, links[$0].parent, below[$0])
        }
        let dofLines = (0..<count).map { d in
            let u = direction(d)
            return call(
                "DOF", d, type(d), sign(d), parentFrame[d], u.x, u.y, model.dof.damping[d],
                model.joint.stiffness[links[d].joint], model.qpos_spring[d])
        }
        func walk(_ touched: [Bool]) -> [String] {
            (0..<count).filter { touched[$0] }.map { d in
                let u = direction(d)
                var
                    line = [
                        call("START", d, type(d), sign(d), parentFrame[d], u.x, u.y, below[d], model.dof.armature[d])
                    ], child = d
                for j in ancestors(d) {
                    let v = direction(j)
                    line.append(call("STEP", d, child, j, type(j), sign(j), parentFrame[j], v.x, v.y))
                    child = j
                }
                return (line + ["END"]).joined(separator: " ")
            }
        }
        let elimination = (0..<count).reversed().map { k in
            (["PIVOT(\(k))"]
                + ancestors(k).map { i in
                    "ROW(\(k), \(i)) " + ([i] + ancestors(i)).map { "TERM(\(k), \(i), \($0))" }.joined(separator: " ")
                        + " KEEP(\(k), \(i))"
                }).joined(separator: " ")
        }
        let leavesFirst = (0..<count).reversed().filter { links[$0].parent >= 0 }.map { k in
            ancestors(k).map { "LINE(\(k), \($0))" }.joined(separator: " ")
        }
        let rootFirst = (0..<count).filter { links[$0].parent >= 0 }.map { k in
            ancestors(k).map { "LINE(\(k), \($0))" }.joined(separator: " ")
        }

        let limits = try limitLines(), floor = try floorLines(), moving = try movingLines(), fluids = try fluidLines()
        var touched = [Bool](repeating: false, count: count)
        for end in floor.lines { for link in [end.link] + ancestors(end.link) where link >= 0 { touched[link] = true } }
        let touchUp = (0..<count).reversed().filter { touched[$0] && links[$0].parent >= 0 }.map {
            "UP(\($0), \(links[$0].parent))"
        }

        let rootX = task.kind == .locomotion && recentred(0, along: Plane(1, 0)) ? 0 : -1
        let rootZ = task.kind == .locomotion && !vertical && recentred(1, along: Plane(0, 1)) ? 1 : -1
        guard task.kind != .locomotion || rootX == 0 else {
            throw NotPlanar(description: "the first joint is no free slide along x")
        }
        func shaped(_ types: [LinkedModel.JointType], controls: Int) -> Bool {
            links.map(\.type) == types && model.sizes.nu == controls
        }
        let fits =
            switch task.kind {
            case .locomotion: true
            case .inverted_pendulum: count >= 2
            case .inverted_double_pendulum:
                shaped([.slide, .hinge, .hinge], controls: 1) && model.joint.limited == [1, 0, 0]
            case .reacher: shaped([.hinge, .hinge, .slide, .slide], controls: 2)
            }
        guard fits else {
            throw RunError(
                """
                \(model.name): the task's kind is \(task.kind.rawValue), which is of another robot; accepted: \
                locomotion
                """
            )
        }
        let rises = vertical && count > 1 && links[1].type == .slide && frame[1] < 0 && direction(1) == Plane(0, 1)
        guard task.healthy_z_range == nil || rises else {
            throw RunError(
                "\(model.name): healthy_z_range is given; accepted: none where the second joint is no slide along z")
        }
        guard task.healthy_angle_range == nil || (count > 2 && links[2].type == .hinge) else {
            throw RunError(
                "\(model.name): healthy_angle_range is given; accepted: none where the third joint is no hinge")
        }
        guard !terrain || (!floor.lines.isEmpty && rootX == 0) else {
            throw RunError("\(model.name): hilly ground needs a robot that walks on a floor")
        }
        let kinds: [PhysicsModel.Task.Kind] = [.locomotion, .inverted_pendulum, .inverted_double_pendulum, .reacher]
        let gravity = Self.project(Vector(model.opt.gravity), vertical)
        guard ["Euler", "RK4"].contains(model.opt.integrator) else {
            throw RunError("\(model.name): the integrator is \(model.opt.integrator); Euler and RK4 are accepted")
        }
        let normal = task.reset_velocity_noise == "normal"
        let extras =
            switch task.kind {
            case .inverted_double_pendulum: 5
            case .reacher: 6
            default: 0
            }
        let constants: [(String, any CustomStringConvertible)] = [
            ("NAME", name), ("NV", count), ("NU", model.sizes.nu), ("STATE", 2 * count + 2 + (terrain ? 3 : 0)),
            ("FULL", 2 * count + extras + 1),
            ("DRAWS", count + (normal ? (count + 1) / 2 * 2 : count) + (terrain ? 3 : 0)),
            ("LIMIT_COUNT", limits.count), ("FLOOR_COUNT", floor.lines.count), ("MOVING_COUNT", moving.count),
            ("ITERATIONS", 10), ("SKIP", model.env.frame_skip), ("H", timestep), ("DT", model.env.dt),
            ("EULER", model.opt.integrator == "Euler" ? 1 : 0),
            ("GRAVITY_X", gravity.x), ("GRAVITY_Z", gravity.y), ("TERRAIN", terrain ? 1 : 0),
            ("TASK", kinds.firstIndex(of: task.kind)!), ("ROOT_X", rootX), ("ROOT_Z", rootZ),
            ("HEIGHT", rises && task.kind == .locomotion ? 1 : -1),
            ("HEIGHT_CLOSED", task.healthy_z_closed == true ? 1 : 0),
            ("PITCH", task.kind == .inverted_pendulum ? 1 : min(2, count - 1)), ("VELOCITY_NORMAL", normal ? 1 : 0)
        ]
        if terrain {
            return "// On hills, after the text of \(model.name) on level ground; made by `evogpu model --terrain`.\n"
                + constants.filter { ["NAME", "STATE", "DRAWS", "TERRAIN"].contains($0.0) }.map {
                    "#undef MODEL_\($0.0)\n#define MODEL_\($0.0) \($0.1)\n"
                }.joined()
        }
        var text =
            """
            // Made from \(model.name).json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in \
            rad.\n
            """
        for (key, value) in constants {
            text += "#define MODEL_\(key) \((value as? Double).map(SourceText.literal) ?? "\(value)")\n"
        }
        text +=
            """
            // link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, \
            direction of a slide, angle at which it is straight\n
            """
        text += SourceText.list("MODEL_LINKS", "LINK", linkLines)
        text += "// link, frame, mass, centre of mass, inertia about the link's origin\n"
        text += SourceText.list("MODEL_MASSES", "MASS", massLines)
        text += "// link, parent, mass of the link and all below it\n"
        text += SourceText.list("MODEL_UP", "UP", upLines)
        text += "// dof, type, sense, frame, direction, damping, stiffness, rest\n"
        text += SourceText.list("MODEL_DOFS", "DOF", dofLines)
        text += "// control, dof, gear, range\n"
        text += SourceText.list(
            "MODEL_ACTUATORS", "ACTUATOR",
            model.actuator.dof.indices.map {
                call(
                    "ACTUATOR", $0, model.actuator.dof[$0], model.actuator.gear[$0], model.actuator.ctrlrange[$0][0],
                    model.actuator.ctrlrange[$0][1])
            })
        text +=
            """
            // START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its \
            type, sense, frame, direction\n
            """
        text += SourceText.list("MODEL_ANCESTORS", "START, STEP, END", walk(links.map { _ in true }))
        text += SourceText.list("MODEL_TOUCH_ANCESTORS", "START, STEP, END", walk(touched))
        text += SourceText.list("MODEL_TOUCH_UP", "UP", touchUp)
        text += SourceText.list("MODEL_ELIMINATION", "PIVOT, ROW, TERM, KEEP", elimination)
        text += SourceText.list("MODEL_LEAVES_FIRST", "LINE", leavesFirst)
        text += SourceText.list("MODEL_ROOT_FIRST", "LINE", rootFirst)
        text += "// number, dof, range, margin, inverse weight, stiffness, damping, solimp\n"
        text += SourceText.list("MODEL_LIMITS", "LIMIT", limits)
        text +=
            """
            // number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of \
            the floor, stiffness, damping, solimp\n
            """
        text += SourceText.list("MODEL_FLOOR", "TOUCH", floor.lines.map(\.text))
        text +=
            """
            // row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, \
            stiffness, damping, solimp, path\n
            """
        text += SourceText.list("MODEL_MOVINGS", "MOVING", moving.map(\.text))
        for (index, pair) in moving.enumerated() { text += SourceText.list("MODEL_PATH_\(index)", "LINE", pair.path) }
        text +=
            """
            // link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in \
            turning\n
            """
        text += SourceText.list("MODEL_FLUIDS", "FLUID", fluids)
        text += SourceText.list(
            "MODEL_INITIAL", "INITIAL",
            (0..<count).map { call("INITIAL", $0, model.env.init_qpos[$0], model.env.init_qvel[$0]) })
        switch task.kind {
        case .inverted_double_pendulum:
            guard model.site.bodyid.count == 1 else {
                throw RunError(
                    """
                    \(model.name): there are \(model.site.bodyid.count) sites; the inverted double pendulum needs \
                    one, its tip
                    """
                )
            }
            text += try tip("MODEL_TIP", body: model.site.bodyid[0], at: model.site.pos[0])
        case .reacher:
            for (list, body) in [("MODEL_TIP", "fingertip"), ("MODEL_TARGET", "target")] {
                guard let index = model.body.name.firstIndex(of: body) else {
                    throw RunError("\(model.name): there is no body \(body), which the reacher task needs")
                }
                text += try tip(list, body: index, at: [0, 0, 0])
            }
        default: break
        }
        return text
    }

    private func tip(_ list: String, body: Int, at position: [Double]) throws -> String {
        let (link, at) = point(body, position)
        return SourceText.list(
            list, "POINT", [SourceText.call("POINT", [link, link < 0 ? -1 : frame[link], at.x, at.y])])
    }

    private func limitLines() throws -> [String] {
        try linked.links.indices.filter { model.joint.limited[linked.links[$0].joint] != 0 }.enumerated().map {
            number, d in
            let joint = linked.links[d].joint, range = model.joint.range[joint], margin = model.joint.margin[joint],
                what = "\(model.name): joint \(model.joint.name[joint])"
            guard range[1] - range[0] > 2 * margin else {
                throw RunError("\(what): its range \(range) is narrower than twice its margin \(margin)")
            }
            let constants = try ConstraintConstants(
                solref: model.joint.solref[joint], solimp: model.joint.solimp[joint], timestep: model.opt.timestep,
                what: what)
            return SourceText.call(
                "LIMIT", [number, d, range[0], range[1], margin, model.dof.invweight0[d]] + constants.arguments)
        }
    }

    private func floorLines() throws -> (lines: [(link: Int, text: String)], pairs: Int) {
        var lines: [(link: Int, text: String)] = [], pairs = 0
        let geoms = model.geom
        for pair in model.collision_pairs where geoms.type[pair.geom1] == "plane" {
            let plane = pair.geom1, geom = pair.geom2,
                what = "\(model.name): the pair of \(geoms.name[plane]) and \(geoms.name[geom])"
            guard vertical, geoms.bodyid[plane] == 0,
                dot(Rotation.quaternion(geoms.quat[plane]).z, Vector(0, 0, 1)) > 1 - 1e-9
            else {
                throw RunError("\(what): the plane is not level or not of the world; a level floor is accepted")
            }
            guard pair.condim == 3 else { throw NotPlanar(description: "a floor contact of condim \(pair.condim)") }
            let place = point(geoms.bodyid[geom], geoms.pos[geom])
            guard place.link >= 0 else { continue }
            let ends: [Plane]
            switch geoms.type[geom] {
            case "sphere": ends = [place.at]
            case "capsule":
                let half = try half(geom)
                let axis = linked.places[geoms.bodyid[geom]].rotation * Rotation.quaternion(geoms.quat[geom]).z,
                    across = abs(vertical ? axis.y : axis.z)
                guard across < 1e-9 || across > 1 - 1e-9 else {
                    throw NotPlanar(description: "a capsule aslant to the plane")
                }
                ends = [place.at + half, place.at - half]
            default:
                throw RunError(
                    "\(what): \(geoms.name[geom]) is a \(geoms.type[geom]); spheres and capsules are accepted")
            }
            let constants = try ConstraintConstants(
                solref: pair.solref, solimp: pair.solimp, timestep: model.opt.timestep, what: what)
            for end in ends {
                let arguments: [any CustomStringConvertible] = [
                    lines.count, place.link, frame[place.link], end.x, end.y, geoms.size[geom][0], pair.margin,
                    pair.invweight_tran, pairs, geoms.pos[plane][2]
                ]
                lines.append((place.link, SourceText.call("TOUCH", arguments + constants.arguments)))
            }
            pairs += 1
        }
        return (lines, pairs)
    }

    private func movingLines() throws -> [(text: String, path: [String])] {
        let geoms = model.geom
        let pairs = model.collision_pairs.filter { geoms.type[$0.geom1] != "plane" }
        guard pairs.count <= 8 else { throw NotPlanar(description: "\(pairs.count) pairs of moving bodies") }
        return try pairs.enumerated().map { index, pair in
            guard pair.condim == 1, geoms.type[pair.geom1] == "capsule", geoms.type[pair.geom2] == "capsule" else {
                throw NotPlanar(description: "a pair of moving bodies other than two capsules with condim 1")
            }
            var arguments: [any CustomStringConvertible] = [2 * index], reach = pair.margin
            for geom in [pair.geom1, pair.geom2] {
                let place = point(geoms.bodyid[geom], geoms.pos[geom]), half = try half(geom)
                guard place.link >= 0, (half * half).sum().squareRoot() > geoms.size[geom][1] * (1 - 1e-9) else {
                    throw NotPlanar(description: "a capsule out of the plane")
                }
                arguments += [
                    place.link, frame[place.link], place.at.x, place.at.y, half.x, half.y, geoms.size[geom][0]
                ]
                reach += geoms.size[geom][0] + geoms.size[geom][1]
            }
            let first = linked.places[geoms.bodyid[pair.geom1]].link,
                second = linked.places[geoms.bodyid[pair.geom2]].link
            let constants = try ConstraintConstants(
                solref: pair.solref, solimp: pair.solimp, timestep: model.opt.timestep,
                what: "\(model.name): a pair of capsules")
            arguments += [reach * (1 + 1e-6), pair.margin, pair.invweight_tran] + constants.arguments
            let above = Set([first] + ancestors(first)), above2 = Set([second] + ancestors(second))
            // The row has to end on one chain, or it would fill in what M leaves empty.
            guard above.isSubset(of: above2) || above2.isSubset(of: above) else {
                throw NotPlanar(description: "contacts between two branches")
            }
            let path = above.symmetricDifference(above2).sorted().map { d in
                let u = direction(d)
                return SourceText.call(
                    "LINE", [d, above2.contains(d) ? 1.0 : -1.0, type(d), sign(d), parentFrame[d], u.x, u.y])
            }
            return (SourceText.call("MOVING", arguments + ["MODEL_PATH_\(index)"]), path)
        }
    }

    private func fluidLines() throws -> [String] {
        let density = model.opt.density, viscosity = model.opt.viscosity
        guard density > 0 || viscosity > 0 else { return [] }
        let normal = vertical ? Vector(0, 1, 0) : Vector(0, 0, 1)
        return try (1..<model.sizes.nbody).filter { model.body.mass[$0] > 0 && linked.places[$0].link >= 0 }.map {
            body in
            let moments = model.body.inertia[body], mass = model.body.mass[body],
                axes = linked.places[body].rotation * Rotation.quaternion(model.body.iquat[body])
            let side = (0..<3).map { k in
                let (i, j) = ((k + 1) % 3, (k + 2) % 3)
                return (max(6 * (moments[i] + moments[j] - moments[k]), 0) / mass).squareRoot()
            }
            let directions = [axes.x, axes.y, axes.z]
            guard let across = (0..<3).first(where: { abs(dot(directions[$0], normal)) > 1 - 1e-6 }) else {
                throw NotPlanar(description: "a body whose principal axes are aslant to the plane")
            }
            let first = (across + 1) % 3, second = (across + 2) % 3, mean = side.reduce(0, +) / 3
            let place = point(body, model.body.ipos[body]), axis = inFrame(place.link, directions[first])
            func square(_ k: Int) -> Double { density * side[(k + 1) % 3] * side[(k + 2) % 3] / 2 }
            let linear = 3 * Double.pi * mean * viscosity
            let turn = density * side[across] * (pow(side[first], 4) + pow(side[second], 4)) / 64
            return SourceText.call(
                "FLUID",
                [
                    place.link, frame[place.link], place.at.x, place.at.y, axis.x, axis.y, linear, square(first),
                    linear, square(second),
                    Double.pi * pow(mean, 3) * viscosity, turn
                ] as [any CustomStringConvertible])
        }
    }
}
