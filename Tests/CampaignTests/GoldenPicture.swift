import Fuzzing
import Patching
import Testing

@testable import Campaign

/// The picture of a case in text form, without its legend.
func goldenPicture(_ text: String, _ patchers: [any Patcher] = [], width: Int = 100) throws -> String {
    let c = try CaseFile.parse(text, file: "golden")
    let picture = try CasePicture(c, patchers: patchers, width: width).text()
    let legend = try #require(picture.firstRange(of: "\n- removed"))
    return String(picture[..<legend.lowerBound])
}

/// A loop with a replaced first instruction, calls, a wide load, a deletion and a skipped insertion.
let loopCase = """
    # bpf-patch-fuzz case
    name: a loop whose head is replaced
    target: bent

    program
    .subprog 100
    .line 500
    L0:     r1 = 1001
    L1:     if r1 > 7 goto L7
    .line 501
    L2:     r2 = 5 ll
            r3 = 3
            call L9
            may_goto L1
    L7:     if r1 < 9 goto L2
            exit
    .subprog 101
    L9:     r5 = 1010
    L10:    r1 += 1
            if r1 < 7 goto L10
            exit

    pass
      replace L1 with
              r9 = 2001
              kept
              goto out
              if r9 == 1 goto @L7
      delete 4
      insert at L7, jumps skip
              r9 = 2005
              r9 = 2006

    """
