/// Every algorithm: a folder beside this file, and its place in this line.
extension AlgorithmSpec {
    public static let all = PPO.specs + GPO.specs + ERL.specs + OffPolicy.specs + CEM.specs
}
