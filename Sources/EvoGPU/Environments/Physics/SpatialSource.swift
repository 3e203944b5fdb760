import Foundation

extension LinkedModel {
    /// The lists of a model that moves in space, as `spatial.cl` reads them.
    ///
    /// - Throws: ``RunError`` naming what the engine does not carry.
    func spatialSource(name: String) throws -> String { try SpatialWriter(self).text(name: name) }
}

/// A moment of inertia as base 1 + first u u^T + second v v^T: at most two products of vectors, one for a body of
/// revolution, none for a ball.
private struct InertiaTerms {
    var base = 0.0, first = 0.0, u = Vector(), second = 0.0, v = Vector()

    /// Of principal moments along the columns of `axes`.
    init(_ moments: Vector, _ axes: Rotation) {
        let columns = [axes.x, axes.y, axes.z], small = 1e-9 * (abs(moments.x) + abs(moments.y) + abs(moments.z))
        let candidates = (0..<3).map { k -> (cost: Int, terms: InertiaTerms) in
            var terms = InertiaTerms(base: moments[k]), cost = 0
            for other in 0..<3 where other != k && abs(moments[other] - moments[k]) > small {
                if terms.first == 0 {
                    (terms.first, terms.u) = (moments[other] - moments[k], columns[other])
                } else {
                    (terms.second, terms.v) = (moments[other] - moments[k], columns[other])
                }
                cost += 20 + SpatialWriter.cost(columns[other])
            }
            return (cost, terms)
        }
        self = candidates.min { $0.cost < $1.cost }!.terms
    }
    private init(base: Double) { self.base = base }

    /// Of any symmetric matrix: by Jacobi's rotations.
    init(_ matrix: Inertia) {
        var m = [
            [matrix.xx, matrix.xy, matrix.xz], [matrix.xy, matrix.yy, matrix.yz], [matrix.xz, matrix.yz, matrix.zz]
        ]
        var columns = [Vector(1, 0, 0), Vector(0, 1, 0), Vector(0, 0, 1)]
        let small = 1e-15 * (abs(m[0][0]) + abs(m[1][1]) + abs(m[2][2]))
        for _ in 0..<30 {
            for (p, q) in [(0, 1), (0, 2), (1, 2)] where abs(m[p][q]) > small {
                let theta = (m[q][q] - m[p][p]) / (2 * m[p][q]),
                    t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot(), s = t * c
                for k in 0..<3 { (m[k][p], m[k][q]) = (c * m[k][p] - s * m[k][q], s * m[k][p] + c * m[k][q]) }
                for k in 0..<3 { (m[p][k], m[q][k]) = (c * m[p][k] - s * m[q][k], s * m[p][k] + c * m[q][k]) }
                (columns[p], columns[q]) = (columns[p] * c - columns[q] * s, columns[p] * s + columns[q] * c)
            }
        }
        self.init(Vector(m[0][0], m[1][1], m[2][2]), Rotation(x: columns[0], y: columns[1], z: columns[2]))
    }
}

private struct SpatialWriter {
    let linked: LinkedModel
    let model: PhysicsModel
    var links: [LinkedModel.Link] { linked.links }
    /// Per link: its frame's axes in the frame of `linked`; z is along the joint.
    let turn: [Rotation]
    /// Geoms that can touch something, by the order in which the kernels have them.
    let geoms: [Int]
    let floors: [(number: Int, pair: PhysicsModel.Pair)], pairs: [PhysicsModel.Pair]

    /// What a constant vector of a frame costs: its components other than zero, less one where that is a unit.
    static func cost(_ v: Vector) -> Int {
        let sizes = [abs(v.x), abs(v.y), abs(v.z)].filter { $0 > 1e-12 }
        return sizes.count == 1 && abs(sizes[0] - 1) < 1e-12 ? 0 : sizes.count
    }
    private static func cross(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }
    private static func within(_ r: Rotation, _ v: Vector) -> Vector { Vector(dot(r.x, v), dot(r.y, v), dot(r.z, v)) }
    private static func within(_ r: Rotation, _ m: Rotation) -> Rotation {
        Rotation(x: within(r, m.x), y: within(r, m.y), z: within(r, m.z))
    }
    private static func within(_ r: Rotation, _ m: Inertia) -> Inertia {
        func product(_ a: Vector, _ b: Vector) -> Double {
            a.x * (m.xx * b.x + m.xy * b.y + m.xz * b.z) + a.y * (m.xy * b.x + m.yy * b.y + m.yz * b.z) + a.z
                * (m.xz * b.x + m.yz * b.y + m.zz * b.z)
        }
        return Inertia(
            xx: product(r.x, r.x), yy: product(r.y, r.y), zz: product(r.z, r.z), xy: product(r.x, r.y),
            xz: product(r.x, r.z), yz: product(r.y, r.z))
    }
    private static func aboutOrigin(_ link: LinkedModel.Link) -> Inertia {
        link.inertia + Inertia(mass: link.mass, at: link.centre)
    }

    init(_ linked: LinkedModel) throws {
        self.linked = linked
        model = linked.model
        let model = model, links = linked.links, types = model.geom.type
        func refuse(_ what: String, _ value: any CustomStringConvertible, _ accepted: String) -> RunError {
            RunError("\(model.name): \(what) is \(value); accepted: \(accepted)")
        }
        guard ["Euler", "RK4"].contains(model.opt.integrator) else {
            throw refuse("the integrator", model.opt.integrator, "Euler, RK4")
        }
        guard model.opt.cone == "pyramidal" else { throw refuse("the friction cone", model.opt.cone, "pyramidal") }
        guard model.opt.impratio == 1 else { throw refuse("impratio", model.opt.impratio, "1") }
        guard model.opt.density == 0, model.opt.viscosity == 0 else {
            throw refuse(
                "the fluid's density and viscosity", "\(model.opt.density) and \(model.opt.viscosity)",
                "0 and 0 (outside a plane)")
        }
        guard links.filter({ $0.parent < 0 }).count == 1 else {
            throw refuse(
                "the number of joints that hang on the world", links.filter { $0.parent < 0 }.count,
                "1 (outside a plane)")
        }
        for link in links where link.type == .free {
            let dofs = link.dof..<link.dof + 6
            let odd =
                dofs.contains { model.dof.armature[$0] != 0 || model.dof.damping[$0] != 0 }
                || model.joint.stiffness[link.joint] != 0 || model.joint.limited[link.joint] != 0
            if odd || model.actuator.dof.contains(where: dofs.contains) {
                throw refuse(
                    "free joint \(model.joint.name[link.joint])", "damped, sprung, limited, driven or with armature",
                    "a free joint without any of these")
            }
        }
        floors = model.collision_pairs.filter { types[$0.geom1] == "plane" }.enumerated().map {
            ($0.offset, $0.element)
        }
        .sorted { (linked.places[$0.pair.body2].link, $0.number) < (linked.places[$1.pair.body2].link, $1.number) }
        // The kernels want the sphere of a sphere and a capsule first.
        pairs = model.collision_pairs.filter { types[$0.geom1] != "plane" }
        for pair in model.collision_pairs {
            let names = "\(model.geom.name[pair.geom1]) and \(model.geom.name[pair.geom2])"
            for geom in [pair.geom1, pair.geom2] where geom != pair.geom1 || types[geom] != "plane" {
                guard ["sphere", "capsule"].contains(types[geom]) else {
                    throw refuse(
                        "geom \(model.geom.name[geom]), which can touch another,", "a \(types[geom])",
                        "plane, sphere, capsule")
                }
                guard linked.places[model.geom.bodyid[geom]].link >= 0 else {
                    throw refuse(
                        "geom \(model.geom.name[geom]), which can touch another,", "fixed to the world",
                        "moving geoms, and level planes of the world")
                }
            }
            if types[pair.geom1] == "plane" {
                let body = model.geom.bodyid[pair.geom1],
                    normal = (linked.places[body].rotation * Rotation.quaternion(model.geom.quat[pair.geom1])).z
                guard linked.places[body].link < 0, normal.z > 1 - 1e-9 else {
                    throw refuse(
                        "plane \(model.geom.name[pair.geom1])", "tilted or moving", "a level plane of the world")
                }
                guard pair.condim == 3 else { throw refuse("condim of \(names)", pair.condim, "3 with a plane") }
                guard pair.friction[0] == pair.friction[1] else {
                    throw refuse(
                        "sliding friction of \(names)", "[\(pair.friction[0]), \(pair.friction[1])]",
                        "two equal numbers")
                }
            } else {
                guard pair.condim == 1 else {
                    throw refuse("condim of \(names)", pair.condim, "1 between moving bodies")
                }
                guard links.count <= 31 else {
                    throw refuse(
                        "the number of joints, with contacts between moving bodies,", links.count, "at most 31")
                }
                guard types[pair.geom1] == types[pair.geom2] || types[pair.geom1] == "sphere" else {
                    throw refuse("the order of \(names)", "capsule, sphere", "sphere, capsule")
                }
            }
        }
        var seen: [Int] = []
        for pair in floors.map(\.pair) where !seen.contains(pair.geom2) { seen.append(pair.geom2) }
        for pair in pairs { for geom in [pair.geom1, pair.geom2] where !seen.contains(geom) { seen.append(geom) } }
        geoms = seen

        // Each frame's x is the direction across the joint that makes the most constants vanish.
        var turn: [Rotation] = []
        for (index, link) in links.enumerated() {
            guard link.type != .free else { turn.append(Rotation()); continue }
            let children = links.filter { $0.parent == index }, inertia = Self.aboutOrigin(link), z = link.axis
            let above = link.parent < 0 ? Rotation() : turn[link.parent]
            let own = InertiaTerms(inertia)
            var vectors = children.map(\.offset) + children.map { $0.rotation * $0.axis } + [link.centre, own.u, own.v]
            for geom in seen where linked.places[model.geom.bodyid[geom]].link == index {
                let place = linked.places[model.geom.bodyid[geom]]
                vectors.append(place.offset + place.rotation * Vector(model.geom.pos[geom]))
                if types[geom] == "capsule" {
                    vectors.append((place.rotation * Rotation.quaternion(model.geom.quat[geom])).z)
                }
            }
            let up = [above.x, above.y, above.z].map {
                Vector(dot(link.rotation.x, $0), dot(link.rotation.y, $0), dot(link.rotation.z, $0))
            }
            var best: (cost: Int, turn: Rotation)?
            for vector in up + [Vector(1, 0, 0), Vector(0, 1, 0), Vector(0, 0, 1)] + vectors {
                let across = vector - z * dot(vector, z), length = dot(across, across).squareRoot()
                guard length > 1e-6 else { continue }
                for x in [across / length, Self.cross(z, across / length)] {
                    let frame = Rotation(x: x, y: Self.cross(z, x), z: z),
                        within = Self.within(above, link.rotation * frame)
                    let terms = InertiaTerms(Self.within(frame, inertia))
                    var cost = [within.x, within.y, within.z, terms.u, terms.v].map(Self.cost).reduce(0, +)
                    cost += vectors.map { Self.cost(Self.within(frame, $0)) }.reduce(0, +)
                    if best == nil || cost < best!.cost { best = (cost, frame) }
                }
            }
            turn.append(best!.turn)
        }
        self.turn = turn
    }

    private func call(_ name: String, _ arguments: [any CustomStringConvertible]) -> String {
        SourceText.call(name, arguments)
    }
    private func inFrame(_ link: Int, _ v: Vector) -> Vector { link < 0 ? v : Self.within(turn[link], v) }
    private func numbers(_ v: Vector) -> [any CustomStringConvertible] { [v.x, v.y, v.z] }
    private func numbers(_ terms: InertiaTerms) -> [any CustomStringConvertible] {
        [terms.base, terms.first] + numbers(terms.u) + [terms.second] + numbers(terms.v)
    }
    private func above(_ link: Int) -> Set<Int> {
        var chain: Set<Int> = [], at = link
        while at >= 0 { chain.insert(at); at = links[at].parent }
        return chain
    }
    private func link(of geom: Int) -> Int { linked.places[model.geom.bodyid[geom]].link }
    private func halfLength(_ geom: Int) -> Double { model.geom.type[geom] == "capsule" ? model.geom.size[geom][1] : 0 }

    func text(name: String) throws -> String {
        let count = links.count, task = model.task, free = links[0].type == .free
        func refuse(_ what: String, _ value: any CustomStringConvertible, _ accepted: String) -> RunError {
            RunError("\(model.name): \(what) is \(value); accepted: \(accepted)")
        }
        guard task.kind == .locomotion else {
            throw refuse("the task's kind", task.kind.rawValue, "locomotion (outside a plane)")
        }
        guard task.healthy_angle_range == nil else {
            throw refuse("healthy_angle_range", "given", "none (outside a plane)")
        }

        // Where each link gathers what hangs on it: a place is free again once its link has read it.
        var inner = [Int](repeating: -1, count: count), first = [Int](repeating: 0, count: count),
            free_places: [Int] = [], placeCount = 0
        for l in (0..<count).reversed() {
            if inner[l] >= 0 { free_places.append(inner[l]) }
            let parent = links[l].parent
            guard parent >= 0, inner[parent] < 0 else { continue }
            first[l] = 1
            if let place = free_places.popLast() {
                inner[parent] = place
            } else {
                inner[parent] = placeCount; placeCount += 1
            }
        }
        let limited = links.indices.filter { model.joint.limited[links[$0].joint] != 0 }
        let onFloor = Set(floors.map { link(of: $0.pair.geom2) })

        var answers: [[Double]] = []
        func answer(_ solref: [Double], _ solimp: [Double], _ what: String) throws -> Int {
            let constants = try ConstraintConstants(
                solref: solref, solimp: solimp, timestep: model.opt.timestep, what: "\(model.name): \(what)")
            let values = constants.arguments.map { $0 as! Double }
            if let known = answers.firstIndex(of: values) { return known }
            answers.append(values)
            return answers.count - 1
        }

        let frameLines = (0..<count).map { l in
            let link = links[l], q0 = link.type == .free ? 0 : model.qpos0[link.qpos]
            let axes = Self.within(link.parent < 0 ? Rotation() : turn[link.parent], link.rotation * turn[l])
            // A slide's offset is given at 0, so its position counts from there.
            return call(
                "FRAME",
                [l, link.parent, link.type.rawValue.uppercased(), link.qpos, link.dof, link.type == .slide ? 0.0 : q0]
                    + numbers(inFrame(link.parent, link.offset))
                    + numbers(axes.x) + numbers(axes.y) + numbers(axes.z))
        }
        let massLines = (0..<count).filter { links[$0].mass > 0 }.map { l in
            call(
                "MASS",
                [l, links[l].mass] + numbers(inFrame(l, links[l].centre) * links[l].mass)
                    + numbers(InertiaTerms(Self.within(turn[l], Self.aboutOrigin(links[l])))))
        }
        let linkLines = (0..<count).map { l -> String in
            let link = links[l], movable = link.type != .free,
                still = link.type == .hinge && link.parent >= 0 && SpatialWriter.cost(link.offset) == 0
            return call(
                "LINK",
                [
                    l, link.parent, link.type.rawValue.uppercased(), link.qpos, link.dof, still ? 1 : 0, link.mass,
                    movable ? model.dof.armature[link.dof] : 0.0, movable ? model.dof.damping[link.dof] : 0.0,
                    movable ? model.joint.stiffness[link.joint] : 0.0,
                    movable ? model.qpos_spring[link.qpos] : 0.0, inner[l], link.parent < 0 ? -1 : inner[link.parent],
                    first[l],
                    onFloor.contains(l) ? 1 : 0, limited.firstIndex(of: l) ?? -1
                ])
        }
        let geomLines = geoms.enumerated().map { number, geom in
            let place = linked.places[model.geom.bodyid[geom]],
                rotation = place.rotation * Rotation.quaternion(model.geom.quat[geom])
            return call(
                "GEOM",
                [number, place.link]
                    + numbers(inFrame(place.link, place.offset + place.rotation * Vector(model.geom.pos[geom])))
                    + numbers(inFrame(place.link, rotation.z * halfLength(geom))))
        }
        let limitLines = try limited.enumerated().map { number, l in
            let joint = links[l].joint, range = model.joint.range[joint], margin = model.joint.margin[joint],
                what = "joint \(model.joint.name[joint])"
            guard range[1] - range[0] > 2 * margin else {
                throw refuse("range of \(what)", range, "one wider than twice its margin \(margin)")
            }
            return call(
                "LIMIT",
                [
                    number, links[l].qpos, links[l].dof, range[0], range[1], margin, model.dof.invweight0[links[l].dof],
                    try answer(model.joint.solref[joint], model.joint.solimp[joint], what)
                ])
        }
        var contacts = 0
        let floorLines = try floors.map { number, pair in
            let ends = model.geom.type[pair.geom2] == "capsule" ? 2 : 1,
                plane = linked.places[model.geom.bodyid[pair.geom1]]
            defer { contacts += ends }
            return call(
                "FLOOR",
                [
                    link(of: pair.geom2), pair.body2 - 1, geoms.firstIndex(of: pair.geom2)!, ends, contacts, number,
                    try answer(
                        pair.solref, pair.solimp,
                        "the pair of \(model.geom.name[pair.geom1]) and \(model.geom.name[pair.geom2])"),
                    model.geom.size[pair.geom2][0],
                    (plane.offset + plane.rotation * Vector(model.geom.pos[pair.geom1])).z, pair.margin,
                    pair.invweight_tran
                ])
        }
        let pairLines = try pairs.map { pair in
            let kind =
                model.geom.type[pair.geom1] == "capsule"
                ? "CAPSULE_CAPSULE" : model.geom.type[pair.geom2] == "capsule" ? "SPHERE_CAPSULE" : "SPHERE_SPHERE"
            let one = above(link(of: pair.geom1)), two = above(link(of: pair.geom2))
            func bits(_ links: Set<Int>) -> Int { links.reduce(0) { $0 | 1 << $1 } }
            let reach =
                model.geom.size[pair.geom1][0] + halfLength(pair.geom1) + model.geom.size[pair.geom2][0]
                + halfLength(pair.geom2) + pair.margin
            return call(
                "PAIR",
                [
                    kind, geoms.firstIndex(of: pair.geom1)!, geoms.firstIndex(of: pair.geom2)!,
                    bits(two.subtracting(one)), bits(one.subtracting(two)),
                    pair.body1 - 1 + 65536 * (pair.body2 - 1),
                    try answer(pair.solref, pair.solimp, "a pair of moving bodies"),
                    reach * reach * (1 + 1e-5), model.geom.size[pair.geom1][0], model.geom.size[pair.geom2][0],
                    pair.margin, pair.invweight_tran
                ])
        }
        let shown = task.observation ?? []
        let bodyLines = try (1..<model.sizes.nbody).map { body in
            let place = linked.places[body], frame = place.rotation * Rotation.quaternion(model.body.iquat[body])
            guard place.link >= 0 else {
                throw refuse("body \(model.body.name[body])", "fixed to the world", "bodies that move")
            }
            return call(
                "BODY",
                [body - 1, place.link, model.body.mass[body]]
                    + numbers(inFrame(place.link, place.offset + place.rotation * Vector(model.body.ipos[body])))
                    + numbers(InertiaTerms(Vector(model.body.inertia[body]), Self.within(turn[place.link], frame))))
        }

        let (rootX, rootY) = linked.recentred, height = free ? 2 : linked.rootSlide(Vector(0, 0, 1))?.qpos ?? -1
        let progress = task.progress ?? .root
        guard progress != .root || rootX >= 0 else {
            throw refuse(
                "progress", "root, which has no slide along x without limit and spring", "torso, center_of_mass")
        }
        guard progress != .torso || (linked.places[1].link == 0 && SpatialWriter.cost(linked.places[1].offset) == 0)
        else {
            throw refuse("progress", "torso, whose origin is not at the first joint's anchor", "root, center_of_mass")
        }
        guard task.healthy_z_range == nil || height >= 0 else {
            throw refuse("healthy_z_range", "given", "none where no free joint or slide along z carries the root")
        }
        let forces = shown.contains("cfrc_ext") || task.contact_cost_weight != nil
        let constants: [(String, any CustomStringConvertible)] = [
            ("NAME", name), ("NQ", model.sizes.nq), ("NV", model.sizes.nv), ("NU", model.sizes.nu),
            ("STATE", model.sizes.nq + model.sizes.nv + 3),
            ("FULL", model.sizes.nq + 2 * model.sizes.nv + 22 * (model.sizes.nbody - 1) + 1),
            ("DRAWS", model.sizes.nq + (model.sizes.nv + 1) / 2 * 2),
            ("LINK_COUNT", count), ("BODY_COUNT", model.sizes.nbody - 1), ("PLACE_COUNT", max(placeCount, 1)),
            ("GEOM_COUNT", geoms.count), ("LIMIT_COUNT", limited.count),
            ("FLOOR_COUNT", floors.count), ("CONTACT_COUNT", contacts), ("PAIR_COUNT", pairs.count),
            ("SLOTS", pairs.isEmpty ? 0 : 12),
            ("FREE", free ? 1 : 0), ("FIRST_DOF", free ? 6 : 0), ("ITERATIONS", pairs.isEmpty ? 8 : 10),
            ("SKIP", model.env.frame_skip), ("H", model.opt.timestep), ("DT", model.env.dt),
            ("EULER", model.opt.integrator == "Euler" ? 1 : 0), ("GRAVITY_X", model.opt.gravity[0]),
            ("GRAVITY_Y", model.opt.gravity[1]), ("GRAVITY_Z", model.opt.gravity[2]),
            ("MASS", links.map(\.mass).reduce(0, +)), ("PROGRESS", progress == .root ? 0 : progress == .torso ? 1 : 2),
            ("ROOT_X", rootX), ("ROOT_Y", rootY),
            ("HEIGHT", height), ("HEIGHT_CLOSED", task.healthy_z_closed == true ? 1 : 0),
            ("VELOCITY_NORMAL", task.reset_velocity_noise == "normal" ? 1 : 0),
            ("CINERT", shown.contains("cinert") ? 1 : 0), ("CVEL", shown.contains("cvel") ? 1 : 0),
            ("FORCES", forces ? 1 : 0)
        ]
        var text =
            """
            // Made from \(model.name).json by `evogpu model`; see physics.cl and spatial.cl. Lengths in m, masses in \
            kg, angles in rad.\n
            """
        for (key, value) in constants {
            text += "#define MODEL_\(key) \((value as? Double).map(SourceText.literal) ?? "\(value)")\n"
        }
        text +=
            """
            // link, its parent, type, first of its positions and dofs, position that is straight, origin and axes in \
            the parent's frame\n
            """
        text += SourceText.list("MODEL_FRAMES", "FRAME", frameLines)
        text +=
            """
            // link, mass, mass times centre of mass, moment of inertia about the origin: base, then twice a factor \
            and a direction\n
            """
        text += SourceText.list("MODEL_MASSES", "MASS", massLines)
        text +=
            """
            // link, its parent, type, first of its positions and dofs, whether its origin is the parent's, mass, \
            armature, damping, stiffness, rest, places, whether first there, floor, limit\n
            """
        text += SourceText.list("MODEL_LINKS", "LINK", linkLines)
        text += SourceText.list("MODEL_LINKS_UP", "LINK", linkLines.reversed())
        text += "// geom, link, centre, half axis of a capsule\n"
        text += SourceText.list("MODEL_GEOMS", "GEOM", geomLines)
        text += "// number, position, dof, range, margin, inverse weight, response\n"
        text += SourceText.list("MODEL_LIMITS", "LIMIT", limitLines)
        text +=
            """
            // link, body, geom, ends, number of the first contact, number of the pair, response, radius, height of \
            the plane, margin, inverse weight\n
            """
        text += SourceText.list("MODEL_FLOORS", "FLOOR", floorLines)
        text +=
            """
            // kind, geoms, links above the second only, above the first only, bodies, response, squared reach, \
            radii, margin, inverse weight\n
            """
        text += SourceText.list("MODEL_PAIRS", "PAIR", pairLines)
        text += "// stiffness, damping, solimp\n"
        text += SourceText.list("MODEL_RESPONSES", "RESPONSE", answers.map { call("RESPONSE", $0) })
        text += "// body, link, mass, centre of mass, moment of inertia about it\n"
        text += SourceText.list("MODEL_BODIES", "BODY", bodyLines)
        text += "// control, dof, gear, range\n"
        text += SourceText.list(
            "MODEL_ACTUATORS", "ACTUATOR",
            model.actuator.dof.indices.map {
                call(
                    "ACTUATOR",
                    [
                        $0, model.actuator.dof[$0], model.actuator.gear[$0], model.actuator.ctrlrange[$0][0],
                        model.actuator.ctrlrange[$0][1]
                    ])
            })
        text += SourceText.list(
            "MODEL_INITIAL_POSITIONS", "INITIAL",
            model.env.init_qpos.enumerated().map { call("INITIAL", [$0.offset, $0.element]) })
        text += SourceText.list(
            "MODEL_INITIAL_VELOCITIES", "INITIAL",
            model.env.init_qvel.enumerated().map { call("INITIAL", [$0.offset, $0.element]) })
        return text
    }
}
