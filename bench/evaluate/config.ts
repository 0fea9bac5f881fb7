/** Where the person stood who typed the command: npm changes to the repository first. */
export const callersFolder: string = process.env['INIT_CWD'] || process.cwd();

/** Of the stack whose tts-proxy is asked by its address. */
export const internalKey: string | undefined = process.env['INTERNAL_API_KEY'] || undefined;
