/// Code that calls every stand-in, by family; `prog` is the program, and a value that is wrong is a BUG.
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
        BUG_ON(!IS_ALIGNED(16, 8) || IS_ALIGNED(17, 8) || PAGE_ALIGN(1) != PAGE_SIZE || PFN_UP(4097) != 2);
        BUG_ON((4097 & PAGE_MASK) != 4096 || !PAGE_ALIGNED(8192) || PAGE_SIZE != 1 << PAGE_SHIFT);
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

    static let locks = """
        static DEFINE_SPINLOCK(inner);
        unsigned long flags = 7;
        int rounds = 0;
        spin_lock_init(&inner);
        spin_lock(&toy_lock); spin_unlock(&toy_lock);
        spin_lock_bh(&inner); spin_unlock_bh(&inner);
        spin_lock_irq(&inner); spin_unlock_irq(&inner);
        spin_lock_nested(&inner, 1); spin_unlock(&inner);
        spin_lock_irqsave(&toy_lock, flags);
        BUG_ON(flags || !spin_is_locked(&toy_lock));
        spin_unlock_irqrestore(&toy_lock, flags);
        if (!spin_trylock(&toy_lock))
            return;
        raw_spin_lock_init(&toy_raw_lock);
        raw_spin_lock(&toy_raw_lock); raw_spin_unlock(&toy_raw_lock);
        raw_spin_lock_bh(&toy_raw_lock); raw_spin_unlock_bh(&toy_raw_lock);
        raw_spin_lock_irq(&toy_raw_lock); raw_spin_unlock_irq(&toy_raw_lock);
        raw_spin_lock_nested(&toy_raw_lock, 1);
        raw_spin_lock_irqsave(&toy_raw_lock, flags);
        raw_spin_unlock_irqrestore(&toy_raw_lock, flags);
        BUG_ON(!raw_spin_trylock(&toy_raw_lock));
        BUG_ON(raw_res_spin_lock(&toy_raw_lock) || raw_res_spin_lock_irqsave(&toy_raw_lock, flags));
        raw_res_spin_lock_init(&toy_raw_lock);
        raw_res_spin_unlock(&toy_raw_lock);
        raw_res_spin_unlock_irqrestore(&toy_raw_lock, flags);
        mutex_init(&toy_mutex);
        mutex_lock(&toy_mutex);
        mutex_lock_nested(&toy_mutex, 1);
        lockdep_assert_held(&toy_mutex);
        lockdep_assert_not_held_of_tomorrow(&toy_mutex);
        BUG_ON(mutex_lock_interruptible(&toy_mutex) || mutex_lock_killable(&toy_mutex) || !mutex_trylock(&toy_mutex));
        BUG_ON(!mutex_is_locked(&toy_mutex));
        mutex_unlock(&toy_mutex);
        mutex_destroy(&toy_mutex);
        guard(mutex)(&toy_mutex);
        guard(rcu)();
        scoped_guard(spinlock, &toy_lock)
            rounds++;
        scoped_guard(rcu) {
            if (rounds)
                break;
            rounds = 7;
        }
        BUG_ON(rounds != 1);
        """

    static let otherLocks = """
        DEFINE_RAW_SPINLOCK(raw);
        DEFINE_RWLOCK(inner);
        DEFINE_MUTEX(mutex);
        DECLARE_RWSEM(semaphore);
        seqcount_t sequence;
        local_lock_t local;
        unsigned long flags;
        rwlock_init(&toy_rwlock);
        read_lock(&toy_rwlock); read_unlock(&inner);
        read_lock_bh(&toy_rwlock); read_unlock_bh(&toy_rwlock);
        read_lock_irqsave(&toy_rwlock, flags); read_unlock_irqrestore(&toy_rwlock, flags);
        write_lock(&toy_rwlock); write_unlock(&toy_rwlock);
        write_lock_bh(&toy_rwlock); write_unlock_bh(&toy_rwlock);
        write_lock_irqsave(&toy_rwlock, flags); write_unlock_irqrestore(&toy_rwlock, flags);
        init_rwsem(&semaphore);
        down_read(&toy_semaphore); up_read(&toy_semaphore);
        down_write(&toy_semaphore); downgrade_write(&toy_semaphore); up_write(&toy_semaphore);
        BUG_ON(!down_read_trylock(&semaphore) || !down_write_trylock(&semaphore) || !mutex_trylock(&mutex));
        raw_spin_lock(&raw);
        seqcount_init(&sequence);
        BUG_ON(read_seqcount_retry(&sequence, read_seqcount_begin(&sequence)));
        write_seqcount_begin(&sequence);
        write_seqcount_end(&sequence);
        local_lock(&local);
        local_unlock(&local);
        local_lock_irqsave(&local, flags);
        local_unlock_irqrestore(&local, flags);
        """

    static let rcu = """
        struct toy_item *item = kzalloc(sizeof(*item), GFP_KERNEL), *now = kzalloc(sizeof(*now), GFP_KERNEL);
        struct toy_item *one = kzalloc(sizeof(*one), GFP_KERNEL), *two = kvzalloc(sizeof(*two), GFP_KERNEL);
        struct toy_item *held = NULL;
        struct srcu_struct srcu;
        const int freed = toy_freed;
        rcu_read_lock(); rcu_read_unlock();
        rcu_read_lock_bh(); rcu_read_unlock_bh();
        rcu_read_lock_sched(); rcu_read_unlock_sched();
        rcu_read_lock_trace(); rcu_read_unlock_trace();
        rcu_read_lock_dont_migrate(); rcu_read_unlock_migrate();
        BUG_ON(!rcu_read_lock_held() || !rcu_read_lock_bh_held() || !rcu_read_lock_trace_held());
        srcu_read_unlock(&srcu, srcu_read_lock(&srcu));
        rcu_assign_pointer(held, item);
        BUG_ON(rcu_dereference(held) != item || rcu_dereference_bh(held) != item || rcu_dereference_sched(held) != item);
        BUG_ON(rcu_dereference_raw(held) != item || rcu_dereference_check(held, 1) != item);
        BUG_ON(rcu_dereference_protected(held, lockdep_is_held_by_nobody) != item || srcu_dereference(held, &srcu) != item);
        BUG_ON(rcu_access_pointer(held) != item || rcu_replace_pointer(held, now, true) != item || held != now);
        RCU_INIT_POINTER(held, NULL);
        BUG_ON(held || unrcu_pointer(item) != item);
        synchronize_rcu(); synchronize_rcu_expedited(); synchronize_rcu_tasks(); synchronize_rcu_tasks_trace();
        synchronize_rcu_mult(call_rcu, call_rcu_tasks); synchronize_srcu(&srcu); synchronize_net();
        call_rcu(&item->rcu, toy_free);
        BUG_ON(toy_freed != freed);
        rcu_barrier();
        rcu_barrier_tasks_trace();
        BUG_ON(toy_freed != freed + 1);
        call_rcu_hurry(&now->rcu, toy_free);
        kfree_rcu(one, rcu);
        kvfree_rcu(two, rcu);
        one->key = two->key = now->key = 5;
        kfree_rcu(kmalloc(8, 0));
        kfree_rcu_mightsleep(kmalloc(8, 0));
        kvfree_rcu_mightsleep(kmalloc(8, 0));
        item = kmalloc(sizeof(*item), 0);
        call_rcu_tasks(&item->rcu, toy_free);
        item = kmalloc(sizeof(*item), 0);
        call_rcu_tasks_trace(&item->rcu, toy_free);
        """

    static let messages = """
        int counted = 0;
        verbose(prog, "%d", ++counted);
        verbose_linfo(prog, 3, "%d", ++counted);
        bpf_verifier_log_write(prog, "%d", ++counted);
        bpf_log(NULL, "%d", ++counted);
        printk("%d", ++counted); printk_once("%d", ++counted); printk_ratelimited("%d", ++counted);
        trace_printk("%d", ++counted);
        pr_emerg("%d", ++counted); pr_alert("%d", ++counted); pr_crit("%d", ++counted); pr_err("%d", ++counted);
        pr_warn("%d", ++counted); pr_notice("%d", ++counted); pr_info("%d", ++counted); pr_cont("%d", ++counted);
        pr_debug("%d", ++counted); pr_devel("%d", ++counted); pr_debug_ratelimited("%d", ++counted);
        pr_err_once("%d", ++counted); pr_warn_once("%d", ++counted); pr_notice_once("%d", ++counted);
        pr_info_once("%d", ++counted); pr_err_ratelimited("%d", ++counted); pr_warn_ratelimited("%d", ++counted);
        pr_notice_ratelimited("%d", ++counted); pr_info_ratelimited("%d", ++counted);
        pr_warn_deprecated_once("%d", ++counted);
        BUG_ON(counted != 25);
        dump_stack();
        print_hex_dump_bytes("a", 0, prog, 4);
        trace_toy_patched(prog, 1);
        if (trace_toy_patched_enabled())
            BUG();
        WARN_ON(0); WARN_ON_ONCE(0); WARN(0, "a"); WARN_ONCE(0, "a"); WARN_RATELIMIT(0, "a");
        VM_BUG_ON(0); VM_WARN_ON(0); VM_WARN_ON_ONCE(0); DEBUG_NET_WARN_ON_ONCE(0);
        """

    static let allocation = """
        const gfp_t flags = GFP_KERNEL | GFP_KERNEL_ACCOUNT | GFP_USER | GFP_NOWAIT | GFP_ATOMIC | GFP_NOFS | GFP_NOIO
            | __GFP_NOWARN | __GFP_ACCOUNT | __GFP_NORETRY | __GFP_RETRY_MAYFAIL | __GFP_HIGHMEM | __GFP_COMP;
        u64 *zeros[] = {
            kzalloc(8, flags), kmalloc(8, __GFP_ZERO), kcalloc(2, 4, 0), kzalloc_node(8, 0, NUMA_NO_NODE),
            kcalloc_node(2, 4, 0, 0), kvzalloc(8, 0), kvcalloc(2, 4, 0), kvzalloc_node(8, 0, 0), vzalloc(8),
            vcalloc(2, 4), __vcalloc(2, 4, 0), vzalloc_node(8, 0), __vmalloc(8, __GFP_ZERO),
            kmalloc(8, __GFP_ZERO | __GFP_NOFAIL),
        };
        u64 *others[] = {
            kmalloc(8, bpf_memcg_flags(flags)), kmalloc_array(2, 4, 0), kmalloc_node(8, 0, 0),
            kmalloc_array_node(2, 4, 0, 0), kmalloc_nolock(8, 0, 0), kvmalloc(8, 0), kvmalloc_array(2, 4, 0),
            kvmalloc_node(8, 0, 0), vmalloc(8), __vmalloc(8, 0), vmalloc_array(2, 4), __vmalloc_array(2, 4, 0),
            vmalloc_node(8, 0), kmalloc(kmalloc_size_roundup(8), 0),
        };
        int n;
        for (n = 0; n < ARRAY_SIZE(zeros); n++) {
            BUG_ON(!zeros[n] || *zeros[n]);
            kvfree(zeros[n]);
        }
        for (n = 0; n < ARRAY_SIZE(others); n++) {
            BUG_ON(!others[n] || !*others[n]);
            switch (n) {
            case 0: kfree_const(others[n]); break;
            case 1: kfree_sensitive(others[n]); break;
            case 2: kfree_nolock(others[n]); break;
            case 3: vfree_atomic(others[n]); break;
            case 4: kvfree_sensitive(others[n], 8); break;
            case 5: vfree(others[n]); break;
            default: kfree(others[n]);
            }
        }
        BUG_ON(kmalloc(0, 0) != ZERO_SIZE_PTR || kvmalloc(0, 0) != ZERO_SIZE_PTR || kcalloc(0, 8, 0) != ZERO_SIZE_PTR);
        BUG_ON(!ZERO_OR_NULL_PTR(NULL) || !ZERO_OR_NULL_PTR(ZERO_SIZE_PTR) || ZERO_OR_NULL_PTR(prog));
        kfree(NULL); kvfree(ZERO_SIZE_PTR);
        """

    static let reallocation = """
        int *row = krealloc(NULL, 8, 0), *copy;
        char *words;
        row[0] = 5; row[1] = 6;
        row = krealloc(row, 16, __GFP_ZERO);
        BUG_ON(row[0] != 5 || row[1] != 6 || row[2] || row[3]);
        row = krealloc_array(row, 2, 4, 0);
        row = kvrealloc(row, 16, __GFP_ZERO);
        BUG_ON(row[0] != 5 || row[1] != 6 || row[2] || row[3]);
        row = kvrealloc(row, 16, 24, __GFP_ZERO);
        BUG_ON(row[0] != 5 || row[3] || row[4] || row[5]);
        row = vrealloc(row, 4, 0);
        BUG_ON(row[0] != 5 || vrealloc(row, 0, 0) || krealloc(NULL, 0, 0) != ZERO_SIZE_PTR);
        row = kmalloc(8, 0);
        BUG_ON(krealloc(row, 0, 0) != ZERO_SIZE_PTR || vrealloc(NULL, 0, 0));
        row = kcalloc(2, 4, 0);
        row[1] = 9;
        copy = kmemdup(row, 8, __GFP_ZERO);
        BUG_ON(copy[0] || copy[1] != 9);
        kfree(copy);
        copy = kvmemdup(row, 8, 0);
        BUG_ON(copy[1] != 9);
        kvfree(copy);
        copy = kmemdup_array(row, 2, 4, 0);
        BUG_ON(copy[1] != 9);
        kfree(copy);
        kfree(row);
        words = kstrdup("abc", 0);
        BUG_ON(strcmp(words, "abc") || kstrdup(NULL, 0));
        kfree(words);
        words = kstrndup("abc", 2, 0);
        BUG_ON(strcmp(words, "ab"));
        kfree(words);
        """

    static let objects = """
        struct toy_row *zeros[] = {
            kzalloc_obj(struct toy_row), kzalloc_objs(struct toy_row, 2), kvzalloc_obj(struct toy_row, GFP_KERNEL),
            kvzalloc_objs(struct toy_row, 2), kzalloc_flex(struct toy_row, cells, 3),
        };
        struct toy_row *others[] = {
            kmalloc_obj(struct toy_row), kmalloc_objs(*zeros[0], 2, GFP_KERNEL), kvmalloc_obj(struct toy_row),
            kvmalloc_objs(struct toy_row, 2), kmalloc_flex(struct toy_row, cells, 3, GFP_KERNEL),
        };
        unsigned long *bits = bitmap_zalloc(70, 0), *more = bitmap_alloc(70, 0);
        void *kept __free(kfree) = kmalloc(8, 0), *large __free(kvfree) = kvmalloc(8, 0), *pages __free(vfree) = vmalloc(8);
        unsigned long *cleaned __free(bitmap) = bitmap_zalloc(70, 0);
        void *secret __free(kfree_sensitive) = kmalloc(8, 0), *wrong __free(kfree) = ERR_PTR(-ENOMEM);
        void *given __free(kfree) = kmalloc(8, 0), *dropped __free(kfree) = kmalloc(8, 0), *alias = dropped;
        int n;
        for (n = 0; n < ARRAY_SIZE(zeros); n++) {
            BUG_ON(zeros[n]->count);
            kfree(zeros[n]);
            BUG_ON(!others[n]->count);
            kfree(others[n]);
        }
        BUG_ON(bits[1]);
        set_bit(69, more);
        bitmap_free(bits);
        bitmap_free(more);
        kfree(no_free_ptr(given));
        BUG_ON(given);
        retain_and_null_ptr(dropped);
        BUG_ON(dropped);
        kfree(alias);
        kfree(toy_give());
        """

    static let processors = """
        DEFINE_PER_CPU(int, local) = 0;
        int *one = alloc_percpu(int), *two = alloc_percpu_gfp(int, GFP_KERNEL);
        int *three = __alloc_percpu(4, 4), *four = __alloc_percpu_gfp(4, 4, GFP_KERNEL);
        BUG_ON(*one || *two || *three || *four);
        *per_cpu_ptr(one, 3) = 5;
        BUG_ON(*this_cpu_ptr(one) != 5 || *raw_cpu_ptr(one) != 5);
        this_cpu_write(toy_counter, 5);
        this_cpu_inc(toy_counter); this_cpu_add(toy_counter, 4); this_cpu_dec(toy_counter);
        BUG_ON(this_cpu_read(toy_counter) != 9 || local);
        free_percpu(one); free_percpu(two); free_percpu(three); free_percpu(four);
        """

    static let scheduling = """
        unsigned long flags = 3;
        BUG_ON(current->pid != 1 || cond_resched() || cond_resched_lock(&toy_lock) || need_resched());
        BUG_ON(signal_pending(current) || fatal_signal_pending(current));
        cond_resched(); cond_resched_rcu(); schedule(); yield(); might_sleep(); might_sleep_if(flags); might_fault();
        cant_sleep(); cant_migrate();
        BUG_ON(schedule_timeout(5) || schedule_timeout_interruptible(5) || schedule_timeout_uninterruptible(5));
        preempt_disable(); preempt_enable(); preempt_disable_notrace(); preempt_enable_notrace();
        migrate_disable(); migrate_enable();
        local_irq_disable(); local_irq_enable(); local_irq_save(flags); local_irq_restore(flags);
        local_bh_disable(); local_bh_enable(); cpus_read_lock(); cpus_read_unlock();
        BUG_ON(flags || in_interrupt() || !in_task() || in_nmi() || irqs_disabled());
        cpu_relax(); touch_nmi_watchdog(); touch_softlockup_watchdog(); msleep(1); usleep_range(1, 2); udelay(1); ndelay(1);
        BUG_ON(smp_processor_id() || raw_smp_processor_id() || get_cpu());
        put_cpu();
        BUG_ON(num_online_cpus() != 1 || num_possible_cpus() != 1);
        BUG_ON(ktime_get_ns() != ktime_get_mono_fast_ns() || local_clock());
        """
}
