// The types of the @std/http values in use: the npm build of @std carries none.
export declare const STATUS_CODE: {
  readonly OK: 200;
  readonly PartialContent: 206;
  readonly Found: 302;
  readonly NotModified: 304;
  readonly BadRequest: 400;
  readonly Forbidden: 403;
  readonly NotFound: 404;
  readonly MethodNotAllowed: 405;
  readonly Conflict: 409;
  readonly LengthRequired: 411;
  readonly RangeNotSatisfiable: 416;
  readonly TooManyRequests: 429;
  readonly InternalServerError: 500;
  readonly NotImplemented: 501;
  readonly BadGateway: 502;
  readonly ServiceUnavailable: 503;
  readonly GatewayTimeout: 504;
};
export declare const STATUS_TEXT: Readonly<Record<number, string>>;
