/** The uploads to one path, by the MD5 of their bytes. */
interface Account {
  /** The last upload that was answered with 200. */
  answered?: string;
  /** An upload that was sent, completely or not, but not answered: the archive may have it or not. */
  open?: string;
}

/** The state of the archive. */
export interface Shown {
  /** The paths that queries list. */
  readonly listed: ReadonlySet<string>;
  /** The MD5 of each file below `imap/`, by its path. */
  readonly files: ReadonlyMap<string, string>;
}

/** The clients' knowledge of their uploads, and what the archive must therefore have. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
  /** The number of uploads that were answered with 200. */
  answered = 0;

  /** Notes the start of an upload. */
  begin(path: string, md5: string): void {
    this.#accounts.set(path, { ...this.#accounts.get(path), open: md5 });
  }

  /** Notes that the started upload was answered with 200. */
  answer(path: string): void {
    const { open } = this.#accounts.get(path) ?? {};
    if (open === undefined) throw new Error(`Cannot answer "${path}": no upload was begun`);
    this.#accounts.set(path, { answered: open });
    this.answered++;
  }

  /** Whether an upload to the path was answered with 200. */
  has(path: string): boolean {
    return this.#accounts.get(path)?.answered !== undefined;
  }

  /** The MD5 that the file under a path must have; undefined while it is not known. */
  md5(path: string): string | undefined {
    const { answered, open } = this.#accounts.get(path) ?? {};
    return open === undefined ? answered : undefined;
  }

  /** Descriptions of everything that is wrong, lost uploads first. */
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

  /** The number of uploads without a response that are in the archive: only their response was lost. */
  unanswered({ listed }: Shown): number {
    return [...listed].filter((path) => this.#accounts.get(path)?.answered === undefined).length;
  }

  /** Settles the uploads that were cut off: what the archive has of them must stay. */
  settle({ files }: Shown): void {
    for (const path of this.#accounts.keys()) {
      const md5 = files.get(path);
      if (md5 === undefined) this.#accounts.delete(path);
      else this.#accounts.set(path, { answered: md5 });
    }
  }
}
