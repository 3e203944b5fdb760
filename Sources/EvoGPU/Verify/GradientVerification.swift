import Foundation
import GPUTensor

/// Runs every reference case of a folder through the kernels of a device and compares values, gradients and what
/// optimisers make of them.
///
/// - Returns: one report per case, by name. A case that is not known here is reported as not covered.
/// - Throws: ``RunError`` if the folder holds no case or a case does not fit together; ``DeviceError`` from any launch.
public func verifyGradients(_ directory: URL, on queue: Queue) throws -> [CaseReport] {
    let cases = try ReferenceCase.all(in: directory)
    guard !cases.isEmpty else {
        throw RunError(
            "\(directory.path): there is no reference case in this folder, that is no JSON with \"file\" and \"arrays\""
        )
    }
    return try cases.map { try verifyGradients($0, on: queue) }
}

/// The same for one case.
public func verifyGradients(_ reference: ReferenceCase, on queue: Queue) throws -> CaseReport {
    let kind = reference.metadata["case"]?.string ?? reference.name
    var report = CaseReport(name: reference.name)
    switch kind {
    case _ where kind.hasPrefix("networks"): report.checks = try verifyNetworks(reference, on: queue)
    case "ppo": report.checks = try verifyPPO(reference, on: queue)
    case "gae": report.checks = try verifyAdvantage(reference, on: queue)
    case "ddpg_updates": report.checks = try verifyDDPG(reference, on: queue)
    case "distillation": report.checks = try verifyDistillation(reference, on: queue)
    case "sensitivity": report.checks = try verifySensitivity(reference, on: queue)
    case "gpo": (report.checks, report.notCovered) = try verifyGPO(reference, on: queue)
    default:
        report.notCovered = [
            """
            no case is named "\(kind)"; known are networks..., ppo, gae, ddpg_updates, distillation, sensitivity and \
            gpo
            """
        ]
    }
    return report
}
