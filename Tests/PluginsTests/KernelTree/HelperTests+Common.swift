/// Code that calls every stand-in of common.h, by family. `prog` is the program. A wrong value triggers BUG_ON.
extension HelperTests {
    static let types = """
        struct toy_group {
            struct_group(both, int a; int b;);
            struct_group_tagged(toy_pair, pair, int c; int d;);
            DECLARE_BITMAP(bits, 65);
            DECLARE_HASHTABLE(table, 3);
            union { int e; __DECLARE_FLEX_ARRAY(int, rest); };
        };
        struct toy_tail { int a; DECLARE_FLEX_ARRAY(int, rest); } tail;
        struct toy_group group = { .a = 1, .b = 2, .c = 3, .d = 4 };
        typeof(group.a) one = 5;
        typeof_member(struct toy_group, d) two = 6;
        int cells[7];
        BUG_ON(group.both.a != 1 || group.both.b != 2 || group.pair.c != 3 || group.pair.d != 4);
        BUG_ON(sizeof(group.bits) != 16 || sizeof(group.table) != 8 * sizeof(void *) || one + two != 11);
        BUG_ON(offsetofend(struct toy_group, b) != 8 || sizeof_field(struct toy_group, both) != 8);
        BUG_ON(container_of(&group.b, struct toy_group, b) != &group);
        BUG_ON(container_of_const(&group.pair, struct toy_group, pair) != &group);
        BUG_ON(ARRAY_SIZE(cells) != 7 || sizeof(tail) != 4);
        """

    static let comparing = """
        int a = 3, b = 5, zero = 0;
        BUG_ON(min(a, b) != 3 || max(a, b) != 5 || min_t(u8, 256, 1) != 0 || max_t(u8, 257, 0) != 1);
        BUG_ON(umin(a, -1) != 3 || umax(a, -1) != U64_MAX);
        BUG_ON(min3(a, b, 1) != 1 || max3(a, b, 9) != 9 || min_not_zero(zero, b) != 5 || min_not_zero(a, b) != 3);
        BUG_ON(MIN(a, b) != 3 || MAX(a, b) != 5 || MIN_T(u8, 256, 1) != 0 || MAX_T(u8, 257, 0) != 1);
        BUG_ON(clamp(7, a, b) != 5 || clamp(1, a, b) != 3 || clamp_t(u8, 256, 1, 2) != 1 || clamp_val(a, 4, 5) != 4);
        BUG_ON(!in_range(a, 3, 1) || in_range(a, 4, 5) || in_range(a, 1, 2) || abs(a - b) != 2 || abs_diff(a, b) != 2);
        swap(a, b);
        BUG_ON(a != 5 || b != 3);
        """

    static let rounding = """
        u64 value = 1000007;
        BUG_ON(round_up(9, 8) != 16 || round_up(8, 8) != 8 || round_down(15, 8) != 8);
        BUG_ON(roundup(10, 7) != 14 || rounddown(13, 7) != 7 || DIV_ROUND_UP(7, 3) != 3);
        BUG_ON(DIV_ROUND_UP_ULL(1ull << 40, 3) != 366503875926ull);
        BUG_ON(ALIGN(1, 4) != 4 || ALIGN_DOWN(7, 4) != 4 || PTR_ALIGN((char *)5, 8) != (char *)8);
        BUG_ON(!IS_ALIGNED(16, 8) || IS_ALIGNED(17, 8) || PAGE_ALIGN(1) != PAGE_SIZE);
        BUG_ON(PFN_UP(PAGE_SIZE + 1) != 2 || PFN_UP(PAGE_SIZE) != 1 || PAGE_SIZE != 1 << PAGE_SHIFT);
        BUG_ON(((PAGE_SIZE + 1) & PAGE_MASK) != PAGE_SIZE || !PAGE_ALIGNED(2 * PAGE_SIZE) || PAGE_ALIGNED(PAGE_SIZE + 1));
        BUG_ON(div_u64(10, 3) != 3 || div64_u64(10, 4) != 2 || div_s64(-9, 2) != -4);
        BUG_ON(do_div(value, 10) != 7 || value != 100000);
        BUG_ON(upper_32_bits(5ull << 32) != 5 || lower_32_bits((5ull << 32) + 6) != 6);
        """

    static let overflow = """
        struct toy_row *row = NULL;
        u8 sum;
        int product;
        BUG_ON(!check_add_overflow((u8)200, (u8)100, &sum) || check_add_overflow((u8)1, (u8)2, &sum) || sum != 3);
        BUG_ON(!check_sub_overflow((u8)1, (u8)2, &sum) || check_sub_overflow((u8)3, (u8)2, &sum) || sum != 1);
        BUG_ON(!check_mul_overflow(1 << 20, 1 << 20, &product) || check_mul_overflow(6, 7, &product) || product != 42);
        BUG_ON(size_mul(SIZE_MAX, 2) != SIZE_MAX || size_mul(6, 7) != 42 || size_add(SIZE_MAX, 1) != SIZE_MAX);
        BUG_ON(size_add(3, 4) != 7 || size_sub(SIZE_MAX, 1) != SIZE_MAX || size_sub(3, 4) != SIZE_MAX || size_sub(4, 3) != 1);
        BUG_ON(array_size(3, 4) != 12 || array3_size(3, 4, 5) != 60 || array3_size(SIZE_MAX, 1, 2) != SIZE_MAX);
        BUG_ON(flex_array_size(row, cells, 3) != 24 || struct_size(row, cells, 3) != 32);
        BUG_ON(struct_size_t(struct toy_row, cells, 2) != 24 || struct_size(row, cells, SIZE_MAX / 4) != SIZE_MAX);
        BUG_ON(kmalloc_array(SIZE_MAX / 4, 8, 0) || kcalloc(1ul << 32, 1ul << 32, 0) || vmalloc_array(SIZE_MAX, 2));
        BUG_ON(kvmalloc_array(SIZE_MAX, 8, 0) || kvcalloc(SIZE_MAX, 8, 0) || krealloc_array(NULL, SIZE_MAX, 8, 0));
        BUG_ON(kmalloc(KMALLOC_MAX_SIZE + 1, 0) || kvmalloc((size_t)INT_MAX + 1, 0) || kmemdup_array("", SIZE_MAX, 2, 0));
        """

    static let bits = """
        unsigned long bits[2] = { 0, 0 };
        BUG_ON(BIT(40) != 1ul << 40 || BIT_ULL(41) != 1ull << 41 || BIT_MASK(65) != 2 || BIT_WORD(65) != 1);
        BUG_ON(BITS_TO_LONGS(65) != 2 || GENMASK(5, 4) != 48 || GENMASK_ULL(63, 0) != U64_MAX);
        BUG_ON(fls(0) != 0 || fls(1) != 1 || fls(0x80000000) != 32 || fls64(1ull << 40) != 41 || fls_long(8) != 4);
        BUG_ON(__fls(8) != 3 || __ffs(8) != 3 || __ffs64(1ull << 33) != 33 || ffs(0) != 0 || ffs(8) != 4 || ffz(7) != 3);
        BUG_ON(hweight8(0x1ff) != 8 || hweight16(0x1ffff) != 16 || hweight32(5) != 2 || hweight64(U64_MAX) != 64);
        BUG_ON(hweight_long(7) != 3 || ilog2(9) != 3 || ilog2(8) != 3 || !is_power_of_2(8) || is_power_of_2(0));
        BUG_ON(is_power_of_2(9) || order_base_2(0) || order_base_2(1) || order_base_2(9) != 4);
        BUG_ON(roundup_pow_of_two(9) != 16 || roundup_pow_of_two(8) != 8 || rounddown_pow_of_two(9) != 8);
        set_bit(65, bits);
        __set_bit(3, bits);
        BUG_ON(!test_bit(65, bits) || !test_bit(3, bits) || test_bit(4, bits) || bits[1] != 2);
        BUG_ON(test_and_set_bit(5, bits) || !__test_and_set_bit(5, bits));
        BUG_ON(!test_and_clear_bit(5, bits) || __test_and_clear_bit(5, bits));
        clear_bit(65, bits);
        __clear_bit(3, bits);
        change_bit(1, bits);
        __change_bit(2, bits);
        assign_bit(1, bits, false);
        __assign_bit(7, bits, true);
        BUG_ON(bits[0] != (4 | 128) || bits[1]);
        """

    static let bitmaps = """
        unsigned long bits[2] = { 0, 0 }, other[2], n, sum = 0;
        bitmap_set(bits, 60, 10);
        bitmap_clear(bits, 62, 2);
        BUG_ON(find_first_bit(bits, 128) != 60 || find_next_bit(bits, 128, 62) != 64 || find_last_bit(bits, 128) != 69);
        BUG_ON(find_first_zero_bit(bits, 128) != 0 || find_next_zero_bit(bits, 128, 60) != 62);
        BUG_ON(find_next_bit(bits, 128, 70) != 128 || find_first_bit(bits, 60) != 60 || find_last_bit(bits, 60) != 60);
        BUG_ON(bitmap_weight(bits, 128) != 8 || bitmap_weight(bits, 61) != 1);
        for_each_set_bit(n, bits, 128)
            sum += n;
        BUG_ON(sum != 60 + 61 + 64 + 65 + 66 + 67 + 68 + 69);
        for_each_clear_bit(n, bits, 63)
            sum--;
        BUG_ON(sum != 60 + 64 + 65 + 66 + 67 + 68 + 69);
        bitmap_copy(other, bits, 128);
        bitmap_zero(bits, 128);
        BUG_ON(!bitmap_empty(bits, 128) || bitmap_empty(other, 128) || bitmap_full(bits, 128));
        bitmap_fill(bits, 128);
        BUG_ON(!bitmap_full(bits, 128));
        """

    static let shared = """
        int value = 1;
        atomic_t count = ATOMIC_INIT(3);
        atomic64_t wide = ATOMIC64_INIT(3);
        atomic_long_t lengthy = { 3 };
        refcount_t refs = REFCOUNT_INIT(1);
        WRITE_ONCE(value, 2);
        BUG_ON(READ_ONCE(value) != 2 || data_race(value) != 2 || smp_load_acquire(&value) != 2);
        smp_mb(); smp_rmb(); smp_wmb();
        smp_store_release(&value, 3);
        BUG_ON(xchg(&value, 4) != 3 || cmpxchg(&value, 5, 6) != 4 || value != 4 || cmpxchg(&value, 4, 7) != 4);
        BUG_ON(value != 7);
        smp_store_mb(value, 8);
        BUG_ON(value != 8);
        atomic_inc(&count); atomic_add(4, &count); atomic_dec(&count); atomic_sub(2, &count);
        BUG_ON(atomic_read(&count) != 5 || atomic_inc_return(&count) != 6 || atomic_dec_return(&count) != 5);
        atomic_set(&count, 1);
        BUG_ON(!atomic_dec_and_test(&count));
        atomic64_inc(&wide); atomic64_add(4, &wide); atomic64_dec(&wide); atomic64_sub(2, &wide);
        BUG_ON(atomic64_read(&wide) != 5 || atomic64_inc_return(&wide) != 6);
        atomic64_set(&wide, 1);
        BUG_ON(!atomic64_dec_and_test(&wide));
        atomic_long_add(2, &lengthy); atomic_long_sub(1, &lengthy);
        BUG_ON(atomic_long_read(&lengthy) != 4);
        refcount_inc(&refs);
        refcount_dec(&refs);
        BUG_ON(!refcount_inc_not_zero(&refs) || refcount_read(&refs) != 2 || refcount_dec_and_test(&refs));
        BUG_ON(!refcount_dec_and_test(&refs) || refcount_inc_not_zero(&refs));
        refcount_set(&refs, 4);
        BUG_ON(refcount_read(&refs) != 4 || array_index_nospec(3, 4) != 3 || array_index_nospec(4, 4) != 0);
        """

    static let errors = """
        void *wrong = ERR_PTR(-ENOTSUPP);
        BUG_ON(!IS_ERR(wrong) || PTR_ERR(wrong) != -524 || !IS_ERR_OR_NULL(NULL) || IS_ERR_OR_NULL(prog));
        BUG_ON(ERR_CAST(wrong) != wrong || PTR_ERR_OR_ZERO(wrong) != -524 || PTR_ERR_OR_ZERO(prog));
        BUG_ON(!IS_ERR_VALUE(-MAX_ERRNO) || IS_ERR_VALUE(-MAX_ERRNO - 1ul));
        """

    static let text = """
        char words[8] = "aaaaaaa";
        u32 small[3];
        u64 wide[3];
        BUG_ON(scnprintf(words, 4, "%d", 12345) != 3 || strcmp(words, "123") || scnprintf(words, 0, "a") != 0);
        BUG_ON(strscpy(words, "abc", 3) != -E2BIG || strcmp(words, "ab") || strscpy(words, "abcd", 0) != -E2BIG);
        BUG_ON(strscpy(words, "abcdefgh") != -E2BIG || strcmp(words, "abcdefg") || strscpy(words, "abc") != 3);
        BUG_ON(strscpy_pad(words, "xy") != 2 || words[3] || words[7] || strscpy_pad(words, "xyz", 2) != -E2BIG);
        BUG_ON(memchr_inv("aaab", 'a', 3) || *(char *)memchr_inv("aaab", 'a', 4) != 'b');
        memset32(small, 7, 3);
        memset64(wide, 1ull << 40, 3);
        BUG_ON(small[2] != 7 || wide[0] != 1ull << 40);
        memzero_explicit(wide, sizeof(wide));
        BUG_ON(wide[0] || strcmp(str_yes_no(1), "yes") || strcmp(str_true_false(0), "false") || *str_plural(1));
        """

    static let sorting = """
        int cells[32], key = 9, n;
        for (n = 0; n < 16; n++) {
            cells[n] = n * 7 % 16;
            cells[n + 16] = cells[n] + 100;
        }
        sort(cells, 16, sizeof(int), toy_compare, toy_exchange);
        for (n = 0; n < 16; n++)
            BUG_ON(cells[n] != n || cells[n + 16] != n + 100);
        for (n = 0; n < 32; n++)
            cells[n] = (31 - n) / 2;
        sort_nonatomic(cells, 32, sizeof(int), toy_compare, NULL);
        BUG_ON(get_random_u32() == get_random_u32() && get_random_u64() == get_random_u64());
        BUG_ON(get_random_u32_below(10) >= 10);
        for (n = 0; n < 32; n++)
            BUG_ON(cells[n] != n / 2);
        sort(cells, 0, sizeof(int), toy_compare, NULL);
        BUG_ON(*(int *)bsearch(&key, cells, 32, sizeof(int), toy_compare) != 9);
        """

    static let lists = """
        struct toy_item a = { .key = 1 }, b = { .key = 2 }, c = { .key = 3 }, *item, *after;
        struct list_head other, *at, *next;
        LIST_HEAD(third);
        struct list_head fourth = LIST_HEAD_INIT(fourth);
        int sum = 0;
        INIT_LIST_HEAD(&other);
        BUG_ON(!list_empty(&toy_items) || list_first_entry_or_null(&other, struct toy_item, link));
        list_add_tail(&b.link, &toy_items);
        BUG_ON(!list_is_singular(&toy_items));
        list_add_tail(&c.link, &toy_items);
        list_add(&a.link, &toy_items);
        BUG_ON(list_is_singular(&toy_items) || !list_is_first(&a.link, &toy_items) || !list_is_last(&c.link, &toy_items));
        BUG_ON(list_entry(toy_items.next, struct toy_item, link) != &a);
        BUG_ON(list_first_entry(&toy_items, struct toy_item, link) != &a);
        BUG_ON(list_last_entry(&toy_items, struct toy_item, link) != &c);
        BUG_ON(list_next_entry(&a, link) != &b || list_prev_entry(&c, link) != &b);
        list_for_each_entry(item, &toy_items, link)
            sum = sum * 10 + item->key;
        BUG_ON(sum != 123 || !list_entry_is_head(item, &toy_items, link));
        list_for_each_entry_reverse(item, &toy_items, link)
            sum = sum * 10 + item->key;
        BUG_ON(sum != 123321);
        list_for_each(at, &toy_items)
            sum++;
        BUG_ON(sum != 123324);
        list_move(&c.link, &toy_items);
        list_move_tail(&a.link, &toy_items);
        BUG_ON(toy_items.next != &c.link || toy_items.prev != &a.link);
        list_splice_init(&toy_items, &other);
        BUG_ON(!list_empty(&toy_items) || other.next != &c.link || other.prev != &a.link);
        list_splice(&other, &third);
        BUG_ON(third.next != &c.link || third.prev != &a.link);
        INIT_LIST_HEAD(&other);
        list_splice_tail_init(&third, &fourth);
        list_splice_tail(&fourth, &other);
        list_del_init(&b.link);
        BUG_ON(!list_empty(&b.link) || other.next != &c.link || c.link.next != &a.link);
        list_for_each_safe(at, next, &other)
            list_del(at);
        BUG_ON(!list_empty(&other));
        list_add(&a.link, &other);
        list_for_each_entry_safe(item, after, &other, link)
            list_del(&item->link);
        BUG_ON(!list_empty(&other) || list_first_entry_or_null(&other, struct toy_item, link));
        """
}
