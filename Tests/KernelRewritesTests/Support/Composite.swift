import BPF

/// A program in which rewrites meet, and what a kernel makes of it.
enum Composite {
    static let input = """
        fn r6 = r1                    #0
           r0 = 1001                  #1
        top: may_goto done
           r0 = 1002                  #2
           if r0 == 7 goto gone       #3
           r0 /= r6                   #4
           if r0 == 1 goto top
           may_goto top
           goto next                  #5
        next: r0 = 1003
           call sub
           call tail
           r1 = 5
           r2 = subprog turn ll
           r3 = 0
           r4 = 0
           call 181
           goto done                   #6
        x gone: r0 = 1004             #7
        x  exit
        done: w5 = 5                   #8
           exit
        fn sub: may_goto end          #9
           r0 = 1005
           goto sub
        end: r0 s%= r1                #10
           r0 = 1006
           exit
        x fn r0 = 1007                #11
        x  exit
        fn turn: r0 = 1008            #12
           exit
        fn tail: r0 = 1009            #13
           call sub
           exit
        """

    /// What a `may_goto` becomes.
    private static func counted(_ label: String, in slot: Int = 40) -> String {
        """
        r11 = *(u64 *)(r10 - \(slot))
        if r11 == 0 goto \(label)
        r11 -= 1
        if r11 != 0 goto +2
        r11 = -\(slot)
        call 4711
        *(u64 *)(r10 - \(slot)) = r11
        """
    }

    static let result = """
        fn *(u64 *)(r10 - 40) = 65535  #0
           *(u64 *)(r10 - 32) = 0
           r6 = r1
           r0 = 1001                   #1
        top: \(counted("done"))
           r0 = 1002                   #2
        div: if r6 != 0 goto +2        #4
           w0 ^= w0
           goto +1
           r0 /= r6
        back: if r0 == 1 goto top
        mayback: \(counted("top"))
        next: r0 = 1003                #5
           call sub
        calltail: call tail
           r1 = 5
        func: r2 = subprog turn ll
           r3 = 0
           r4 = 0
           if r1 <= 8388608 goto +2
           w0 = -7
           goto +16
           *(u64 *)(r10 - 24) = r6
           *(u64 *)(r10 - 16) = r7
           *(u64 *)(r10 - 8) = r8
           r6 = r1
           w7 = 0
           r8 = r3
           if r7 >= r6 goto +5
           r1 = r7
           r2 = r8
        loopcall: call turn
           r7 += 1
           if r0 == 0 goto -6
           r0 = r7
           r6 = *(u64 *)(r10 - 24)
           r7 = *(u64 *)(r10 - 16)
           r8 = *(u64 *)(r10 - 8)
        done: w5 = 5                    #8
           r11 = 77
           r11 <<= 32
           r5 |= r11
           exit
        fn sub: *(u64 *)(r10 - 16) = 65535 #9
           *(u64 *)(r10 - 8) = 0
        again: \(counted("end", in: 16))
           r0 = 1005
        first: goto again
        end: r11 = r1                  #10
           r11 += 1
           if r11 > 1 goto +3
           if r11 == 1 goto +3
           w0 = 0
           goto +1
           r0 s%= r1
           r0 = 1006
           exit
        fn turn: r0 = 1008             #12
           exit
        fn tail: r0 = 1009             #13
           call sub
        last: exit
        """

    /// The subprograms that are left.
    static let ids: [UInt32] = [0, 1, 3, 4]
}
