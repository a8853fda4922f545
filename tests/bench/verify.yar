/* Private keys, for the comparison of speeds in verify.py. */
rule pem
{
	strings:
		$a = "-----BEGIN PRIVATE KEY-----"
		$b = "-----BEGIN RSA PRIVATE KEY-----"
		$c = "-----BEGIN EC PRIVATE KEY-----"
		$d = "-----BEGIN DSA PRIVATE KEY-----"
		$e = "-----BEGIN OPENSSH PRIVATE KEY-----"
		$f = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
		$g = "-----BEGIN PGP PRIVATE KEY BLOCK-----"
	condition:
		any of them
}

rule der
{
	strings:
		/* RSAPrivateKey: version 0, a modulus of 256 to 512 bytes */
		$rsa = { 30 82 ?? ?? 02 01 00 02 82 (01 | 02) 01 00 }
		/* PrivateKeyInfo of RSA, and of P-256 */
		$pkcs8 = { 02 01 00 30 0D 06 09 2A 86 48 86 F7 0D 01 01 01 05 00 04 82 }
		$p256 = { 02 01 00 30 13 06 07 2A 86 48 CE 3D 02 01 06 08 2A 86 48 CE 3D 03 01 07 04 }
	condition:
		any of them
}
