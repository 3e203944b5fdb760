import EvoGPU
import GPUTensor
import Testing

@Suite struct SensitivityTests {
    @Test(arguments: Backend.available, [(1, 16), (3, 48), (2, 256), (2, 272)])
    func matchesDoubleReference(backend: Backend, shape: (members: Int, parameters: Int)) throws {
        let (members, parameters) = shape, count = members * parameters, queue = try backend.makeQueue()
        var rng = SeededGenerator(seed: 61)
        let theta = rng.uniform(count), noise = rng.uniform(count), magnitudes = rng.uniform(members, in: 0..<1),
            delta = noise.enumerated().map { $1 * magnitudes[$0 / parameters] },
            mask = (0..<parameters).map { Float($0 % 3 == 0 ? 0 : 1) }
        // Two outputs' gradients: zero, below the limit of 0.01, and above it.
        let gradients = (0..<2).map { _ in
            rng.uniform(count).enumerated().map {
                $0.offset % 4 == 0 ? 0 : $0.offset % 4 == 1 ? $0.element * 1e-3 : $0.element
            }
        }
        func tensor(_ values: [Float]) throws -> Tensor { try queue.tensor(values, [members, parameters]) }
        let squares = try queue.tensor(.float32, [members, parameters]), moved = try tensor(theta),
            divisor = try tensor([Float](repeating: .nan, count: count))
        for gradient in gradients { try queue.addGradientSquares(to: squares, tensor(gradient)) }
        try queue.mutateProximally(
            moved, noise: tensor(noise), magnitude: queue.tensor(magnitudes), squares: squares,
            mask: queue.tensor(mask), divisor: divisor)
        let s = (0..<count).map { i in gradients.reduce(0) { $0 + Double($1[i]) * Double($1[i]) }.squareRoot() }
        let want = s.map { $0 == 0 ? 1 : max($0, 0.01) }
        // Two squares, their sum and a root: four roundings; the limit itself is a float.
        expectClose(try divisor.read(), want, relative: 4 * 0x1p-24, "\(backend) \(shape)")
        // A step of up to 100, from 1 over the limit, with five roundings.
        let got: [Float] = try moved.read()
        expectClose(
            got,
            (0..<count).map { Double(theta[$0]) + (mask[$0 % parameters] == 0 ? 0 : Double(delta[$0]) / want[$0]) },
            absolute: 6 * 101 * 0x1p-24, "\(backend) \(shape)")
        for i in 0..<count where mask[i % parameters] == 0 {
            #expect(got[i] == theta[i], "\(backend) moved what the mask holds")
        }
    }
}
