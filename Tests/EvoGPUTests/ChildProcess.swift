import Foundation

/// The program run as a process of its own, without output. Plain posix_spawn and waitpid: tests run many at once, and
/// Foundation's Process may then miss that one has ended.
final class ChildProcess {
    let processIdentifier: pid_t
    private var status: Int32?

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// The program, which the tests' build puts beside the test bundle.
    static let program = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("evogpu").path

    /// - Parameter environment: variables beside those of this process.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        let words = ([Self.program] + arguments).map { strdup($0) }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") }
        defer { (words + variables).forEach { free($0) } }
        var identifier: pid_t = 0
        let error = posix_spawn(&identifier, Self.program, &actions, nil, words + [nil], variables + [nil])
        guard error == 0 else { throw Failure(description: "\(Self.program): \(String(cString: strerror(error)))") }
        processIdentifier = identifier
    }

    deinit { if isRunning { kill(processIdentifier, SIGKILL); waitUntilExit() } }

    private func wait(_ options: Int32) {
        var raw: Int32 = 0
        while status == nil {
            let ended = waitpid(processIdentifier, &raw, options)
            if ended == processIdentifier { status = raw } else if ended == 0 || errno != EINTR { return }
        }
    }

    var isRunning: Bool { wait(WNOHANG); return status == nil }
    func waitUntilExit() { wait(0) }

    /// The exit status, or minus the signal that ended it.
    var terminationStatus: Int32 {
        waitUntilExit()
        let raw = status ?? -1
        return raw & 0x7f == 0 ? (raw >> 8) & 0xff : -(raw & 0x7f)
    }
}
