/** What became of the uploads to one path, by the MD5 of their bytes. */
interface Account {
  /** The last one that was answered 200. */
  answered?: string;
  /** One that was sent, all or some of it, and not answered: nobody can tell whether the archive has it. */
  open?: string;
}

/** What the archive shows of itself. */
export interface Shown {
  /** The paths that queries list. */
  readonly listed: ReadonlySet<string>;
  /** The MD5 of each file that lies below `imap/`, by its path. */
  readonly files: ReadonlyMap<string, string>;
}

/** What the clients know of their uploads, and what the archive must therefore have. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
  /** How many uploads were answered 200. */
  answered = 0;

  /** An upload begins. */
  begin(path: string, md5: string): void {
    this.#accounts.set(path, { ...this.#accounts.get(path), open: md5 });
  }

  /** The upload that was begun was answered 200. */
  answer(path: string): void {
    const { open } = this.#accounts.get(path) ?? {};
    if (open === undefined) throw new Error(`Cannot answer "${path}": no upload was begun`);
    this.#accounts.set(path, { answered: open });
    this.answered++;
  }

  /** Whether an upload to the path was answered 200. */
  has(path: string): boolean {
    return this.#accounts.get(path)?.answered !== undefined;
  }

  /** The MD5 that the file under a path must have; undefined while nobody can tell. */
  md5(path: string): string | undefined {
    const { answered, open } = this.#accounts.get(path) ?? {};
    return open === undefined ? answered : undefined;
  }

  /** Each thing that must not be, in words; uploads that were lost come first. */
  problems({ listed, files }: Shown): string[] {
    const problems: string[] = [];
    for (const [path, { answered }] of this.#accounts) {
      if (answered !== undefined && !listed.has(path)) problems.push(`lost: ${path} was answered and is not listed`);
      if (answered !== undefined && !files.has(path)) problems.push(`lost: ${path} was answered and is no file`);
    }
    for (const [path, md5] of files) {
      const { answered, open } = this.#accounts.get(path) ?? {};
      if (md5 !== answered && md5 !== open) problems.push(`${path} is not whole: its bytes are of no upload`);
      if (!listed.has(path)) problems.push(`${path} is a file and not listed`);
    }
    for (const path of listed) if (!files.has(path)) problems.push(`${path} is listed and no file`);
    return problems;
  }

  /** How many of the uploads that were never answered are there all the same: their answer was lost on the way. */
  unanswered({ listed }: Shown): number {
    return [...listed].filter((path) => this.#accounts.get(path)?.answered === undefined).length;
  }

  /** Uploads that were cut off are settled now: what the archive has of them stays. */
  settle({ files }: Shown): void {
    for (const path of this.#accounts.keys()) {
      const md5 = files.get(path);
      if (md5 === undefined) this.#accounts.delete(path);
      else this.#accounts.set(path, { answered: md5 });
    }
  }
}
