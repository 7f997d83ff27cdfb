"""Ed25519 keys of the parties of a contract: made, kept under a passphrase, used to sign, recognised."""
