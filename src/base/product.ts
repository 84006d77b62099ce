/** The program's name: of its command, in its reports, and as `application_name` of its sessions. */
export const PRODUCT = 'database-wizard';
