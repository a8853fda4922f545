// SPDX-License-Identifier: GPL-2.0
/*
 * sigstore.js ATTESTATION PUBLIC_KEY: reads an attestation by the library that cosign's relatives in
 * JavaScript use (@sigstore/bundle), and has it verified by @sigstore/verify with a key and
 * without a transparency log. Prints its predicate type; fails if it is not good.
 */
'use strict';
const fs = require('fs');
const crypto = require('crypto');
const { bundleFromJSON } = require('@sigstore/bundle');
const { Verifier, toSignedEntity } = require('@sigstore/verify');

const [attestation, key] = process.argv.slice(2);
const envelope = JSON.parse(fs.readFileSync(attestation, 'utf8'));
const bundle = bundleFromJSON({
	mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
	verificationMaterial: { publicKey: { hint: envelope.signatures[0].keyid }, tlogEntries: [] },
	dsseEnvelope: envelope,
});
const publicKey = crypto.createPublicKey(fs.readFileSync(key));
const verifier = new Verifier({
	certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [],
	publicKey: () => ({ publicKey, validFor: () => true }),
}, { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0, timestampThreshold: 0 });

verifier.verify(toSignedEntity(bundle));
console.log(JSON.parse(bundle.content.dsseEnvelope.payload.toString()).predicateType);
