import Foundation

/// Helpers that turn a model's numbers into the literals and lists of its kernel text.
enum SourceText {
    /// A float literal of C; what is within 1e-12 of zero is zero, so that it can be left out.
    static func literal(_ value: Double) -> String {
        let float = Float(abs(value) < 1e-12 ? 0 : value)
        precondition(float.isFinite, "a literal of \(value)")
        let text =
            float.magnitude >= 1 && float.magnitude < 1e7 && float == float.rounded() ? "\(Int(float)).0" : "\(float)"
        return text + "f"
    }

    /// A macro that holds a list: one line per entry, each a call of the macro's argument (or one of its arguments).
    static func list(_ name: String, _ arguments: String, _ lines: [String]) -> String {
        let head = "#define \(name)(\(arguments))"
        return lines.isEmpty ? head + "\n" : ([head] + lines.map { "    " + $0 }).joined(separator: " \\\n") + "\n"
    }

    static func call(_ name: String, _ arguments: [any CustomStringConvertible]) -> String {
        "\(name)(\(arguments.map { ($0 as? Double).map(literal) ?? "\($0)" }.joined(separator: ", ")))"
    }
}

/// A constraint's constants as the kernels take them (MuJoCo's solref and solimp, after its clamping).
struct ConstraintConstants {
    let stiffness: Double, damping: Double, d0: Double, dw: Double, width: Double, mid: Double, power: Double
    var arguments: [any CustomStringConvertible] { [stiffness, damping, d0, dw, width, mid, power] }

    /// - Throws: ``RunError`` for a form that the kernels don't have.
    init(solref: [Double], solimp: [Double], timestep: Double, what: String) throws {
        guard solref.count == 2, solref[0] > 0, solref[1] > 0 else {
            throw RunError("\(what): solref is \(solref); a positive time constant and damping ratio are accepted")
        }
        guard solimp.count == 5, solimp[4] == 1 || solimp[4] == 2 else {
            throw RunError("\(what): solimp is \(solimp); a power of 1 or 2 is accepted")
        }
        func clamp(_ value: Double) -> Double { min(max(value, 0.0001), 0.9999) }
        (d0, dw, width, mid, power) = (
            clamp(solimp[0]), clamp(solimp[1]), max(solimp[2], 0), clamp(solimp[3]), solimp[4]
        )
        let constant = max(solref[0], 2 * timestep)
        damping = 2 / (dw * constant)
        stiffness = 1 / (dw * dw * constant * constant * solref[1] * solref[1])
    }
}
