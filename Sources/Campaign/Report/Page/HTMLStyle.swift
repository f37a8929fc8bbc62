/// The style sheet of the page: light and dark by the reader's preference, and readable on a phone.
enum HTMLStyle {
    static let text = """
        :root { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0;
          --box: #f6f8fa; --wrong: #c5221f; --right: #1a7f37; --edit: #0b6e99; --call: #8250df; --mark: #fff1f0; }
        @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1;
          --line: #3d444d; --box: #161b22; --wrong: #ff7b72; --right: #56d364; --edit: #6cc7ee; --call: #d2a8ff;
          --mark: #2d1517; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
          font: 1rem/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
        h3 { font-size: 1rem; margin: 0; display: inline; }
        p { margin: .4rem 0; } .faint, .f { color: var(--faint); }
        nav a { margin-right: 1rem; } a { color: var(--edit); }
        a:focus-visible, summary:focus-visible, pre:focus-visible, .wide:focus-visible {
          outline: 2px solid var(--edit); outline-offset: 2px; }
        .numbers { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0; list-style: none; }
        .numbers li { flex: 1 1 8rem; padding: .5rem .75rem; background: var(--box); border: 1px solid var(--line);
          border-radius: .4rem; }
        .numbers b { display: block; font-size: 1.2rem; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .9rem; }
        th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } td.none { color: var(--faint); }
        details { margin: .5rem 0; border: 1px solid var(--line); border-radius: .4rem; }
        details details { margin: .5rem 0 0; }
        summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; }
        details > div { padding: 0 .75rem .75rem; }
        .new > summary { border-left: 4px solid var(--wrong); } .known > summary { border-left: 4px solid var(--line); }
        .badge { font-size: .8rem; padding: .1rem .4rem; border-radius: .3rem; background: var(--box);
          border: 1px solid var(--line); }
        .alert { padding: .5rem .75rem; border-left: 4px solid var(--wrong); background: var(--mark); }
        code, pre { font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace; }
        code { overflow-wrap: anywhere; }
        pre { margin: .5rem 0; padding: .6rem; overflow-x: auto; background: var(--box); border-radius: .4rem;
          font-size: .8rem; line-height: 1.2; }
        .w { color: var(--wrong); font-weight: 700; } .r { color: var(--right); font-weight: 700; }
        .e { color: var(--edit); } .c { color: var(--call); } .h { font-weight: 700; }
        svg { width: 100%; height: auto; max-width: 44rem; display: block; }
        svg .grid { stroke: var(--line); } svg text { fill: var(--faint); font-size: 12px; }
        svg .rate { fill: none; stroke: var(--edit); stroke-width: 2; }
        svg .found { fill: none; stroke: var(--wrong); stroke-width: 2; }
        @media (max-width: 40rem) { body { padding: .6rem; } pre { font-size: .68rem; }
          svg text { font-size: 19px; } }
        @media print { details > div { display: block; } }
        """
}
