import EvoGPU
import Testing

@Suite struct ProgressLineTests {
    private final class Screen { var text = "" }

    private func progress(_ steps: Int) -> Progress {
        Progress(steps: steps, totalSteps: 1_000_000, stepsPerSecond: 12_345, bestReturn: 301.26, meanReturn: -5)
    }

    @Test func aTerminalLineIsOverwritten() {
        let screen = Screen(), line = ProgressLine(isTerminal: true, width: 100) { screen.text += $0 }
        line.update(progress(0), now: 0)
        line.update(progress(100), now: 0.05)  // too soon to show
        line.update(progress(250_000), now: 0.1)
        line.finish()
        #expect(
            screen.text == "\r0/1.00M steps (0%)  12.3k steps/s  best 301.3  mean -5.0  1 m 21 s left\u{1B}[K"
                + "\r250k/1.00M steps (25%)  12.3k steps/s  best 301.3  mean -5.0  1 m 01 s left\u{1B}[K\n")
    }

    @Test func elsewhereALineComesEveryFiveSecondsAndAtTheEnd() {
        let screen = Screen(), line = ProgressLine(isTerminal: false) { screen.text += $0 }
        for tenth in 0...112 { line.update(progress(tenth), now: Double(tenth) / 10) }
        #expect(screen.text.split(separator: "\n").map { $0.prefix { $0 != "/" } } == ["0", "50", "100"])
        line.finish()
        line.finish()
        #expect(screen.text.split(separator: "\n").map { $0.prefix { $0 != "/" } } == ["0", "50", "100", "112"])
        #expect(screen.text.hasSuffix(" left\n"))
        #expect(!screen.text.contains("\r"))
    }

    @Test func theLastIsShownOnATerminalToo() {
        let screen = Screen(), line = ProgressLine(isTerminal: true) { screen.text += $0 }
        line.update(progress(1), now: 0)
        line.update(progress(2), now: 0.01)
        line.finish()
        #expect(screen.text.contains("\r2/1.00M"))
        #expect(screen.text.hasSuffix("\u{1B}[K\n"))
    }

    @Test func aLongLineIsCutToTheTerminal() {
        let screen = Screen(), line = ProgressLine(isTerminal: true, width: 20) { screen.text += $0 }
        line.update(progress(0), now: 0)
        #expect(screen.text == "\r0/1.00M steps (0%) \u{1B}[K")
    }

    @Test func quietShowsNothing() {
        for isTerminal in [true, false] {
            let screen = Screen(), line = ProgressLine(isTerminal: isTerminal, isQuiet: true) { screen.text += $0 }
            line.update(progress(0), now: 0)
            line.finish()
            #expect(screen.text == "")
        }
    }

    @Test(arguments: [(59.4, "59 s"), (60, "1 m 00 s"), (3599.6, "1 h 00 m"), (7500, "2 h 05 m"), (100_000, "1 d 03 h")]
    )
    func durations(seconds: Double, want: String) {
        let screen = Screen(), line = ProgressLine(isTerminal: false) { screen.text += $0 }
        line.update(Progress(steps: 1, totalSteps: 2, stepsPerSecond: 1, secondsLeft: seconds), now: 0)
        #expect(screen.text == "1/2 steps (50%)  1 steps/s  \(want) left\n")
    }

    @Test func whatIsNotKnownIsLeftOut() {
        let screen = Screen(), line = ProgressLine(isTerminal: false) { screen.text += $0 }
        line.update(Progress(steps: 0, totalSteps: 0, stepsPerSecond: 0), now: 0)
        line.update(Progress(steps: 999, totalSteps: 9_994_999, stepsPerSecond: .nan), now: 5)
        line.update(Progress(steps: 1000, totalSteps: 9_995_000, stepsPerSecond: 0), now: 10)
        #expect(
            screen.text
                == "0/0 steps  0 steps/s\n999/9.99M steps (0%)  nan steps/s\n1.00k/10.0M steps (0%)  0 steps/s\n")
    }
}
