/** Answers a request. It never throws: what goes wrong is an answer too. */
export type Handler = (request: Request) => Promise<Response>;
