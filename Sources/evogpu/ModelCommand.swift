import ArgumentParser
import EvoGPU
import Foundation

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Print the lists that a model's kernels are specialised with.",
        discussion:
            """
            Writes what `Sources/Kernels/cl/physics/generated` holds for the shipped models, made from a model \
            description (JSON).
            """
    )

    @Argument(help: "The model's JSON file.") var file: String
    @Option(help: "What its kernels' names begin with.") var name: String
    @Flag(help: "On hilly ground: only what differs there, to follow the level model.") var terrain = false

    func run() throws {
        let model = try PhysicsModel(contentsOf: URL(fileURLWithPath: file))
        print(try model.kernelText(name: name, terrain: terrain).text, terminator: "")
    }
}
