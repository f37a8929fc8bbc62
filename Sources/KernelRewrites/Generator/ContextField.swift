/// One field of a context, and the allowed accesses.
struct ContextField: Sendable {
    var off: Int16
    /// - Units: bytes
    var size: Int16 = 4
    /// True if parts of it may be loaded.
    var isNarrow = false
    var isWritable = false
    /// True if it has the same value in each run on the same data.
    var isSteady = false

    /// Some fields of four bytes with the same allowed accesses.
    private static func words(
        _ offsets: [Int16], narrow isNarrow: Bool = true, writable isWritable: Bool = false,
        steady isSteady: Bool = false
    ) -> [ContextField] {
        offsets.map { ContextField(off: $0, isNarrow: isNarrow, isWritable: isWritable, isSteady: isSteady) }
    }

    // MARK: struct __sk_buff

    /// `len`, `protocol`, `vlan_present`, `vlan_tci` and `gso_segs`.
    private static let steady = words([0, 16, 20, 24, 164], steady: true)
    /// `pkt_type`, `queue_mapping`, `vlan_proto`, `ingress_ifindex`, `ifindex`, `hash`, `napi_id` and `gso_size`.
    private static let plain = words([4, 12, 28, 36, 40, 68, 84, 176])
    /// `cb`.
    private static let control = words([48, 52, 56, 60, 64], writable: true)
    /// `mark` and `priority`, and `tc_index`.
    private static let mark = words([8, 32])
    private static let index = words([44])
    /// `family`, the addresses and the ports of the socket.
    private static let ofSocket =
        words([88, 132, 136]) + words([92, 96, 100, 104, 108, 112, 116, 120, 124, 128], narrow: false)

    private static func writable(_ fields: [ContextField]) -> [ContextField] {
        fields.map { field in
            var field = field
            field.isWritable = true
            return field
        }
    }

    static let socketFilter = steady + plain + control + mark + index
    static let schedCLS =
        steady + plain + control + writable(mark) + writable(index) + words([72], writable: true) + words([160])
        + [ContextField(off: 152, size: 8, isWritable: true)]
    static let cgroupSKB =
        steady + plain + control + writable(mark) + index + ofSocket
        + [ContextField(off: 152, size: 8, isWritable: true)]
    static let lwt = steady + plain + control + writable(mark) + index
    static let skSKB = steady + plain + writable(index) + ofSocket + writable(words([32]))

    // MARK: Others

    /// `struct xdp_md`: `ingress_ifindex` and `rx_queue_index`.
    static let xdp = words([12, 16], narrow: false)

    /// `struct bpf_sock_ops`: `op`, `reply`, the addresses, the fields of a full socket, and the counters of 8 bytes.
    static let sockOps =
        words([0, 20, 24, 28, 64, 68, 72], narrow: false) + words([4], narrow: false, writable: true)
        + words(
            [32, 36, 40, 44, 48, 52, 56, 60, 76, 80, 84, 88, 92, 96, 100, 104, 108, 112, 116, 120, 124], narrow: false)
        + words([128, 132, 136, 140, 144, 148, 152, 156, 160], narrow: false)
        + words([164], narrow: false, writable: true)
        + [ContextField(off: 168, size: 8), ContextField(off: 176, size: 8)]

    /// `struct bpf_sock` of a new socket.
    static let cgroupSock =
        words([0, 16, 20], narrow: false, writable: true) + words([4, 8, 12], narrow: false)

    /// `struct bpf_sock_addr` of an IPv4 `connect`.
    static let sockAddr =
        words([0, 28, 32, 36], narrow: false) + words([4, 24], writable: true)

    /// `struct bpf_sk_lookup`.
    static let skLookup = words([8, 12, 16, 20, 24, 28, 32, 40, 44, 48, 52, 56, 60, 64])

    /// `struct sk_msg_md`.
    static let skMsg = words([16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68], narrow: false)

    /// `struct sk_reuseport_md`: `len`, `eth_protocol`, `ip_protocol`, `bind_inany` and `hash`.
    static let skReuseport = words([16, 24, 28]) + words([20, 32], narrow: false)

    /// `struct bpf_sysctl`.
    static let sysctl = words([0]) + words([4], writable: true)

    /// `struct bpf_sockopt` of a `setsockopt`: `level`, `optname` and `optlen`.
    static let sockopt = words([24, 28, 32], narrow: false, writable: true)

    /// `struct bpf_perf_event_data`: registers, `sample_period` and `addr`.
    static let perfEvent =
        (0..<20).map { ContextField(off: Int16($0 * 8), size: 8) }
        + [168, 176].map {
            ContextField(off: $0, size: 8, isNarrow: true)
        }
}
