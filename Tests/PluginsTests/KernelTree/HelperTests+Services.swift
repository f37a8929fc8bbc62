/// Code that calls every stand-in of helpers.h, by family. `prog` is the program. A wrong value triggers BUG_ON.
extension HelperTests {
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
        BUG_ON(this_cpu_read(toy_counter) != 9 || local || bpf_jit_needs_zext());
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
