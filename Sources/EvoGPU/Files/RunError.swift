/// What a user, a file or the disk may get wrong about a run, as one sentence that names the thing, the value and what
/// would be accepted.
public struct RunError: Error, CustomStringConvertible, Sendable {
    public let description: String
    public init(_ description: String) { self.description = description }
}
