export interface Mail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  sendLink(to: string, link: string, expiresAt: number): Promise<void>;
}
