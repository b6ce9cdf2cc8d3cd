import { basename } from "@std/path";

/** The values that the configuration contains. */
export interface NginxPlan {
  /** A folder for the PID file, temporary files, and logs. */
  readonly folder: string;
  /** The folder with the objects. */
  readonly objects: string;
  /** The folder that uploads go to. */
  readonly uploads: string;
  readonly apiPort: number;
  readonly objectPort: number;
  /** Whether root starts nginx. Its workers then keep running as root, so that they can read a private folder. */
  readonly asRoot: boolean;
  /** The MD5 of each object, by its archive path. */
  readonly md5s: ReadonlyMap<string, string>;
}

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/**
 * Configures nginx as API and as object store, on two ports of this machine. Objects below `/plain` have ETags of nginx, those
 * below `/md5` have their MD5, and below `/limited` each connection is limited to 20 MB/s. A PUT stores a file under a number
 * and gets the response of S3: nginx itself would respond with 201 and no ETag, so it keeps the body and proxies the request
 * to itself.
 */
export function nginxConfig({ folder, objects, uploads, apiPort, objectPort, asRoot, md5s }: NginxPlan): string {
  const origin = `http://127.0.0.1:${objectPort}`;
  const temporary = TEMPORARY.map((kind) => `${kind}_temp_path "${folder}/${kind}";`).join("\n  ");
  const tags = [...md5s].map(([path, md5]) => {
    const places = [`/md5/${path}`, `/answers/md5/${basename(path)}`];
    return places.map((place) => `"${place}" '"${md5}"';`).join("\n    ");
  }).join("\n    ");
  return `${asRoot ? "user root root;" : ""}
daemon off;
worker_processes auto;
pid "${folder}/nginx.pid";
error_log "${folder}/error.log";
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  types { }
  default_type application/octet-stream;
  keepalive_requests 100000;
  map_hash_max_size 65536;
  map_hash_bucket_size 512;
  ${temporary}
  map $uri $md5_tag {
    ${tags}
  }
  server {
    listen 127.0.0.1:${apiPort};
    location ~ ^/(?<kind>plain|md5|limited)/download/(?<path>.+)$ { return 302 ${origin}/$kind/$path; }
    location ~ ^/(?<kind>plain|md5)/upload/(?<name>[^/]+)$ {
      default_type application/json;
      return 200 '"${origin}/uploads/$kind/$name"';
    }
  }
  server {
    listen 127.0.0.1:${objectPort};
    location /plain/ { alias "${objects}/"; }
    location /md5/ { alias "${objects}/"; etag off; add_header ETag $md5_tag; }
    location /limited/ { alias "${objects}/"; limit_rate 20m; }
    location /uploads/ {
      client_max_body_size 0;
      client_body_in_file_only on;
      client_body_temp_path "${uploads}";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_pass ${origin}/answers/;
    }
    location /answers/plain/ { add_header ETag '"in-pieces-2"'; return 200; }
    location /answers/md5/ { add_header ETag $md5_tag; return 200; }
  }
}
`;
}
