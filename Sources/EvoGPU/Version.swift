/// The program's version, written into every run's `config.yaml`.
public let evogpuVersion = "0.2.0"
