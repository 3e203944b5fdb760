import EvoGPU
import Foundation
import Testing

@Suite struct MetricsLogTests {
    private let columns = ["step", "return", "note"]

    @Test func eachRowIsInTheFileAtOnce() throws {
        let folder = try TemporaryFolder()
        let log = try MetricsLog(creating: folder("m.csv"), columns: columns)
        #expect(try folder.text("m.csv") == "step,return,note\n")
        try log.append([1, 0.1, "a"])
        #expect(try folder.text("m.csv") == "step,return,note\n1,0.1,a\n")
        try log.append([MetricValue(UInt64.max), MetricValue(0.1 as Float), "a, \"b\"\nc"])
        try log.append([3, MetricValue(1.0 / 3), .missing])
        try log.append([4, MetricValue(Double.nan), MetricValue(-Double.infinity)])
        try log.sync()
        #expect(
            try folder.text("m.csv") == """
                step,return,note
                1,0.1,a
                18446744073709551615,0.1,"a, ""b"" c"
                3,0.3333333333333333,
                4,nan,-inf

                """)
        expectRefusal("cannot write FOLDER/m.csv: File exists", in: folder) {
            _ = try MetricsLog(creating: folder("m.csv"), columns: columns)
        }
    }

    @Test(arguments: ["2,0.2,\n3,0.3,\n", "2,0.2,\n3,0.3", "2,0.2,\n", "2,0.2,\n3,0.3,\n4,"])
    func resumingKeepsTheRowsOfTheCheckpoint(after: String) throws {
        let folder = try TemporaryFolder()
        try folder.file("m.csv", "step,return,note\n1,0.1,\n" + after)
        try MetricsLog(resuming: folder("m.csv"), columns: columns, keepingRows: 2).append([3, 0.5, ""])
        #expect(try folder.text("m.csv") == "step,return,note\n1,0.1,\n2,0.2,\n3,0.5,\n")
    }

    @Test(arguments: [nil, "", "step,ret", "step,return,note\n", "step,return,note\n1,2,3\n4"])
    func resumingBeforeTheFirstRowStartsAgain(content: String?) throws {
        let folder = try TemporaryFolder()
        if let content { try folder.file("m.csv", content) }
        try MetricsLog(resuming: folder("m.csv"), columns: columns, keepingRows: 0).append([1, 2, 3])
        #expect(try folder.text("m.csv") == "step,return,note\n1,2,3\n")
    }

    @Test func refusals() throws {
        let folder = try TemporaryFolder()
        func resume(_ count: Int) throws {
            _ = try MetricsLog(resuming: folder("m.csv"), columns: columns, keepingRows: count)
        }
        expectRefusal("cannot read FOLDER/m.csv: No such file or directory", in: folder) { try resume(1) }
        try folder.file("m.csv", "step,return,note\n1,2,3\n4,5")
        expectRefusal(
            "FOLDER/m.csv: there are 1 whole rows; at least the 2 from before the checkpoint are needed", in: folder
        ) { try resume(2) }
        #expect(try folder.text("m.csv") == "step,return,note\n1,2,3\n4,5")  // a refused file stays as it was
        try folder.file("m.csv", "step,return\n1,2\n")
        for count in 0...1 {
            expectRefusal(#"FOLDER/m.csv: the header is "step,return"; "step,return,note" is accepted"#, in: folder) {
                try resume(count)
            }
        }
        #expect(try folder.text("m.csv") == "step,return\n1,2\n")
    }
}
