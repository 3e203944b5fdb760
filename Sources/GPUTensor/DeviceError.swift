/// What the machine, the driver or the user's choice of device may refuse, as one sentence that names the thing, the
/// value and what would be accepted.
public struct DeviceError: Error, CustomStringConvertible, Sendable {
    public let description: String
    package init(_ description: String) { self.description = description }
}

/// A tensor that does not have the shape that a call needs. Thrown before anything is enqueued.
public struct ShapeMismatch: Error, CustomStringConvertible, Sendable {
    public let description: String
    package init(_ name: String, is shape: [Int], expected: String) {
        description = "\(name) has shape \(shape); expected \(expected)"
    }
}
