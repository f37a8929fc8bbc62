import BPF
import Foundation
import Fuzzing
import Patching
import TestSupport
import Testing

/// JSON lines: values and errors.
@Suite struct JSONLinesTests {
    /// Column, expected and found text.
    static let faults: [(String, Int, String, String)] = [
        ("", 1, "an object", "the end of the line"), ("[]", 1, "an object", "`[`"),
        ("{", 2, "a key or `}`", "the end of the line"),
        ("{}", 1, "`name`", "`{`"), (#"{"name":"x"}"#, 1, "`insns`", "`{`"),
        (#"{"name":"x","insns":[]}"#, 1, "`passes`", "`{`"), (#"{"name":5}"#, 9, "a string at name", "`5`"),
        (#"{"nmae":"x"}"#, 2, "a key of name, insns", #"`"nmae"`"#),
        (#"{"name":"x","name":"y"}"#, 13, "once", #"`"name"`"#),
        (#"{"name":"x",}"#, 13, "a key", "`}`"), (#"{"name" "x"}"#, 9, "`:`", #"`"x"`"#),
        (#"{"name":"x" "insns":[]}"#, 13, "`,` or `}`", #"`"insns"`"#),
        (#"{"name":"x"#, 9, "ends in its line", #"`"x`"#),
        (#"{"name":"\q"}"#, 10, "an escape", #"`\q`"#), (#"{"name":"\ud800"}"#, 10, "an escape", #"`\ud800`"#),
        (#"{"insns":5}"#, 10, "an array at insns", "`5`"),
        (#"{"insns":["b7"]}"#, 11, "16 hexadecimal digits at insns[0]", #"`"b7"`"#),
        (#"{"insns":["b70100000000000g"]}"#, 11, "16 hexadecimal digits", #"`"b70100000000000g"`"#),
        (#"{"insns":["b701000000000000" 5]}"#, 30, "`,` or `]`", "`5`"),
        (#"{"insns":["b701000000000000",]}"#, 30, "digits at insns[1]", "`]`"),
        (#"{"insns":[{"fill":3}]}"#, 11, "`fill` and `imm` at insns[0]", "`{`"),
        (#"{"insns":[{"fill":99999999,"imm":0}]}"#, 19, "16777216 at insns[0].fill", "`99999999`"),
        (#"{"insns":[{"fill":2,"imm":4294967295}]}"#, 11, "below 2^32", "`{`"),
        (#"{"insns":[{"full":2}]}"#, 12, "fill, imm", #"`"full"`"#),
        (#"{"aux":[1,-1]}"#, 11, "4294967295 at aux[1]", "`-1`"),
        (#"{"aux":[4294967296]}"#, 9, "4294967295 at aux[0]", "`4294967296`"),
        (#"{"aux":[99999999999999999999999]}"#, 9, "at aux[0]", "`99999999999999999999999`"),
        (#"{"aux":[1.0]}"#, 9, "at aux[0]", "`1.0`"), (#"{"aux":[1e3]}"#, 9, "at aux[0]", "`1e3`"),
        (#"{"aux":[01]}"#, 9, "at aux[0]", "`01`"),
        (#"{"aux":["1"]}"#, 9, "at aux[0]", #"`"1"`"#), (#"{"aux":null}"#, 8, "an array at aux", "`null`"),
        (#"{"subprogs":[[0,1],[2]]}"#, 20, "a pair of numbers at subprogs[1]", "`[`"),
        (#"{"lines":[[0,1,2]]}"#, 11, "a pair of numbers at lines[0]", "`[`"),
        (#"{"lines":[[0,x]]}"#, 14, "at lines[0][1]", "`x`"),
        (#"{"passes":[[{"remove":1,"patch":[]}]]}"#, 13, "`off` at passes[0][0]", "`{`"),
        (#"{"passes":[[{"off":1,"patch":[]}]]}"#, 13, "`remove` at passes[0][0]", "`{`"),
        (#"{"passes":[[{"off":1,"remove":1}]]}"#, 13, "`patch` at passes[0][0]", "`{`"),
        (#"{"passes":[[],[{"off":1,"remove":1,"patch":[],"keep":null}]]}"#, 54, "at passes[1][0].keep", "`null`"),
        (#"{"passes":[[{"off":"1"}]]}"#, 20, "at passes[0][0].off", #"`"1"`"#),
        (#"{"passes":[[{"skip":1}]]}"#, 21, "`true` or `false` at passes[0][0].skip", "`1`"),
        (#"{"passes":[[{"skip":truer}]]}"#, 21, "`true` or `false`", "`truer`"),
        (#"{"passes":[[{"offf":1}]]}"#, 14, "a key of off, remove", #"`"offf"`"#),
        (#"{"passes":[[{"patch":[{"fill":1,"imm":1}]}]]}"#, 23, "digits at passes[0][0].patch[0]", "`{`"),
        (#"{"passes":[{}]}"#, 12, "an array at passes[0]", "`{`"),
        (#"{"expect":{"error":"EFOO"}}"#, 20, "`ERANGE` at expect.error", #"`"EFOO"`"#),
        (#"{"expect":{"error":"EINVAL","aux":[]}}"#, 11, "either `error`", "`{`"),
        (#"{"name":"x","insns":[],"passes":[]} 5"#, 37, "the end of the line", "`5`"),
        (#"{"name":"é","aux":[x]}"#, 20, "at aux[0]", "`x`"),
    ]

    @Test(arguments: faults) func fault(_ entry: (String, Int, String, String)) {
        do throws(TextError) {
            _ = try ScriptLine.parse(entry.0, file: "broken.jsonl", number: 9)
            Issue.record("read without an error: \(entry.0)")
        } catch {
            #expect(error.line == 9)
            #expect(error.column == entry.1, "\(error)")
            #expect(error.expected.contains(entry.2), "\(error)")
            #expect(error.found == entry.3, "\(error)")
        }
    }

    @Test func defaults() throws {
        let line =
            #" { "passes" : [ [ { "patch" : [ ] , "off" : 0 , "remove" : 1 , "skip" : false } ] ] , "insns" : [ {"imm":1,"fill":2} ] , "name" : "\u00e9\ud83d\ude00\n" } "#
        let c = try ScriptLine.parse(line, file: "f", number: 1)
        #expect(c.name == "é😀\n")
        #expect(c.program.insns.map(\.imm) == [1, 2])
        #expect(c.program.aux == [0, 0])
        #expect(c.program.subprograms == [Subprogram(start: 0, id: 0)])
        #expect(c.program.lines.isEmpty)
        #expect(c.passes == [Pass(edits: [Edit(off: InputIndex(0), remove: 1)])])
        #expect(c.expected == nil)
    }

    @Test func blankLinesAndNumbers() throws {
        let good = #"{"name":"x","insns":[],"passes":[]}"#
        #expect(try ScriptLine.parseAll("\n\(good)\r\n  \n\(good)", file: "f").count == 2)
        do throws(TextError) {
            _ = try ScriptLine.parseAll("\n\(good)\n\n{}\n", file: "f")
            Issue.record("read without an error")
        } catch {
            #expect(error.description == "f:4:1: expected an object with `name`, found `{`")
        }
    }

    @Test func answers() {
        let program = Program(
            insns: [Instruction(code: 0xb7, dst: 1, off: -2, imm: 0x0102_0304), .zero], aux: [1, .max],
            subprograms: [Subprogram(start: 0, id: 5)])
        #expect(
            AnswerLine.print(name: "a\"b\\\u{1}é", .program(program))
                == #"{"name":"a\"b\\\u0001é","result":{"insns":["b701feff04030201","0000000000000000"],"aux":[1,4294967295],"subprogs":[[0,5]],"lines":[]}}"#
        )
        #expect(AnswerLine.print(name: "x", .error(.erange)) == #"{"name":"x","result":{"error":"ERANGE"}}"#)
        #expect(AnswerLine.print(name: "x", .malformed("bad")) == #"{"name":"x","result":{"malformed":"bad"}}"#)
    }

    /// Foundation parses the same JSON from the printed line as from the original, except for placeholders and runs.
    @Test(arguments: ["passes.jsonl"]) func sameAsFoundation(file: String) throws {
        var compared = 0
        for line in try Vectors.text(of: file).split(separator: "\n") {
            let written = ScriptLine.print(try ScriptLine.parse(String(line), file: file, number: 1))
            guard !line.contains("keep"), !line.contains("refs"), !written.contains("fill") else { continue }
            let theirs = try JSONSerialization.jsonObject(with: Data(line.utf8)) as! NSDictionary
            let ours = try JSONSerialization.jsonObject(with: Data(written.utf8)) as! NSDictionary
            #expect(theirs == ours, "\(line)")
            compared += 1
        }
        #expect(compared > 500)
    }

    /// No damaged line traps the reader, and every error is inside the line.
    @Test func damagedLines() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of JSONLinesTests.damagedLines: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let lines = try Vectors.text(of: "corners.jsonl").split(separator: "\n").map { Array($0.utf8) }
        var accepted = 0
        for _ in 0..<5000 {
            var bytes = lines.randomElement(using: &numbers)!
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let at = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0...3, using: &numbers) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = "{}[]:,\"\\u09-e".utf8.randomElement(using: &numbers)!
                case 2: bytes.insert(bytes.randomElement(using: &numbers)!, at: at)
                default: bytes.removeSubrange(at...)
                }
                if bytes.isEmpty { bytes = lines[0] }
            }
            let line = String(decoding: bytes, as: UTF8.self)
            do throws(TextError) {
                let c = try ScriptLine.parse(line, file: "damaged", number: 1)
                accepted += 1
                #expect(c == (try? ScriptLine.parse(ScriptLine.print(c), file: "again", number: 1)))
            } catch {
                #expect(error.column >= 1 && error.column <= line.unicodeScalars.count + 1, "\(error)")
            }
        }
        #expect(accepted > 0 && accepted < 5000)
    }
}
