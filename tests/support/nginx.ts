import { join } from "@std/path";

/** Whether nginx is installed. */
export async function hasNginx(): Promise<boolean> {
  try {
    return (await new Deno.Command("nginx", { args: ["-v"], stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Runs nginx with a configuration until it is disposed of. */
export async function startNginx(folder: string, servers: string): Promise<AsyncDisposable> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${folder}/nginx_${name};`
  );
  const config = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
    events {} http { access_log off; ${temporary.join(" ")}\n${servers} }`;
  await Deno.writeTextFile(join(folder, "nginx.conf"), config);
  const args = ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", join(folder, "nginx.log")];
  const process = new Deno.Command("nginx", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}
