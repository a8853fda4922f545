// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of kredact-gated: see gated_http.h.
 *
 * Who the client is says the web server in front, by headers that it sets and nobody else can:
 * the socket is open to it only.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "attest/moment.h"
#include "gate/gated_http.h"
#include "gate/passage.h"

#define CHECKSUM_MISMATCH	460	/* of tus */

enum what { WHAT_ANSWER, WHAT_PATCH, WHAT_ATTESTATION };

/**
 * struct request - a request with a body, or one that has its answer already
 * @what:	of which kind
 * @status:	of the answer; 0: not known yet
 * @upload:	its upload, which is busy
 * @checked:	its bytes have a digest that they are to have
 * @digest:	of the bytes so far
 * @expected:	what it is to be
 * @at:		where the next byte goes
 * @body:	an attestation
 * @len:	bytes of it
 */
struct request {
	enum what what;
	unsigned int status;
	struct upload *upload;
	bool checked;
	EVP_MD_CTX *digest;
	u8 expected[DIGEST_LEN];
	u64 at;
	char *body;
	size_t len;
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static int answer(struct MHD_Connection *connection, unsigned int status, const char *text,
		  const char *const *headers)
{
	struct MHD_Response *response;
	int done;

	response = MHD_create_response_from_buffer(strlen(text), (void *)text,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Tus-Resumable", HTTP_TUS);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	for (; headers && *headers; headers += 2)
		MHD_add_response_header(response, headers[0], headers[1]);
	done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

static int refuse(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "%s\n", text);
	return answer(connection, status, line, NULL);
}

static bool parse_number(const char *text, u64 *value)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*value = strtoull(text, NULL, 10);
	return true;
}

/* Is the other end of the socket the web server? */
static bool is_front(struct gated *gated, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (gated->front == (uid_t)-1)
		return true;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info && !getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       peer.uid == gated->front;
}

static enum MHD_Result count_header(void *arg, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	u32 *nr = arg;

	(void)kind;
	(void)value;
	nr[0] += !strcasecmp(name, "X-Client-Subject");
	nr[1] += !strcasecmp(name, "X-Client-Verify");
	return MHD_YES;
}

/* The client, as the web server says; each header once. */
static const char *client_of(struct gated *gated, struct MHD_Connection *connection)
{
	const char *subject = header(connection, "X-Client-Subject");
	const char *verified = header(connection, "X-Client-Verify");
	u32 nr[2] = { 0 };

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, nr);
	if (!is_front(gated, connection) || nr[0] != 1 || nr[1] != 1 || !subject || !*subject ||
	    !verified || strcmp(verified, "SUCCESS") || strlen(subject) >= UPLOAD_SUBJECT)
		return NULL;
	return texts_have(&gated->policy->subjects, subject) ? subject : NULL;
}

/* The value of "filename" in Upload-Metadata: in base64. */
static bool read_name(const char *metadata, char *name)
{
	const char *at = metadata;
	u8 bytes[UPLOAD_NAME + 8];
	char text[4 * (UPLOAD_NAME / 3 + 1) + 8];
	int len = -1;
	size_t size;

	for (; at; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		if (strncmp(at, "filename ", 9))
			continue;
		at += 9;
		size = strcspn(at, ", ");
		if (!size || size % 4 || size / 4 * 3 >= sizeof(bytes) || size >= sizeof(text))
			return false;
		memcpy(text, at, size);
		text[size] = '\0';
		len = EVP_DecodeBlock(bytes, (u8 *)text, size);
		if (len < 0)
			return false;
		len -= (text[size - 1] == '=') + (text[size - 2] == '=');
		break;
	}
	if (len <= 0 || len >= (int)UPLOAD_NAME || memchr(bytes, '\0', len))
		return false;
	memcpy(name, bytes, len);
	name[len] = '\0';
	return source_name_is_good(name);
}

static int create(struct gated *gated, struct MHD_Connection *connection, const char *subject)
{
	static const struct {
		unsigned int status;
		const char *text;
	} refusals[] = {
		[UPLOAD_TOO_MANY] = { 429, "too many uploads at a time" },
		[UPLOAD_QUOTA] = { 413, "more bytes than a client may send at a time" },
		[UPLOAD_FAILED] = { 507, "it cannot be stored" },
	};
	enum upload_refusal refusal;
	struct upload *upload;
	char name[UPLOAD_NAME], where[sizeof(HTTP_PREFIX) + UPLOAD_ID + 2];
	u64 length;

	if (!parse_number(header(connection, "Upload-Length"), &length) || !length)
		return refuse(connection, 400, "Upload-Length?");
	if (length > gated->policy->max_bytes)
		return refuse(connection, 413, "larger than the policy allows");
	if (!read_name(header(connection, "Upload-Metadata"), name))
		return refuse(connection, 400, "Upload-Metadata: filename?");
	refusal = store_new(&gated->store, subject, name, length, &upload);
	if (refusal != UPLOAD_OK)
		return refuse(connection, refusals[refusal].status, refusals[refusal].text);
	snprintf(where, sizeof(where), HTTP_PREFIX "/%s", upload->id);
	return answer(connection, 201, "", (const char *const[]){ "Location", where,
			"Upload-Offset", "0", NULL });
}

static int tell_offset(struct MHD_Connection *connection, unsigned int status,
		       const struct upload *upload)
{
	char offset[24], length[24];

	snprintf(offset, sizeof(offset), "%llu", (unsigned long long)upload->offset);
	snprintf(length, sizeof(length), "%llu", (unsigned long long)upload->length);
	return answer(connection, status, "", (const char *const[]){ "Upload-Offset", offset,
			"Upload-Length", length, NULL });
}

/* What became of it, for the client. */
static int tell_state(struct gated *gated, struct MHD_Connection *connection,
		      const struct upload *upload)
{
	static const char *const words[UPLOAD_STATES] = {
		"receiving", "waiting", "queued", "deciding", "passed", "refused",
	};
	struct json_object *root = json_object_new_object(), *result;
	char *text = upload->state >= UPLOAD_PASSED ? store_read_result(&gated->store, upload) :
						      NULL;
	int done;

	json_object_object_add(root, "state", json_object_new_string(words[upload->state]));
	json_object_object_add(root, "name", json_object_new_string(upload->name));
	json_object_object_add(root, "length", json_object_new_uint64(upload->length));
	json_object_object_add(root, "offset", json_object_new_uint64(upload->offset));
	json_object_object_add(root, "attested", json_object_new_boolean(upload->attested));
	result = text ? json_tokener_parse(text) : NULL;
	if (result)
		json_object_object_add(root, "result", result);
	done = answer(connection, 200, json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN),
		      (const char *const[]){ "Content-Type", "application/json", NULL });
	json_object_put(root);
	free(text);
	return done;
}

static bool read_checksum(const char *text, u8 *sha256)
{
	u8 bytes[3 * 11 + 1];

	return !strncmp(text, "sha256 ", 7) && strlen(text + 7) == 44 && text[50] == '=' &&
	       EVP_DecodeBlock(bytes, (const u8 *)text + 7, 44) == 33 &&
	       memcpy(sha256, bytes, DIGEST_LEN);
}

static int begin_patch(struct gated *gated, struct MHD_Connection *connection,
		       struct upload *upload, struct request *request)
{
	const char *type = header(connection, "Content-Type");
	const char *checksum = header(connection, "Upload-Checksum");
	u64 offset, length;

	if (!type || strcmp(type, "application/offset+octet-stream"))
		return refuse(connection, 415, "Content-Type?");
	if (!parse_number(header(connection, "Upload-Offset"), &offset))
		return refuse(connection, 400, "Upload-Offset?");
	if (upload->busy)
		return refuse(connection, 423, "another request is at it");
	if (upload->state != UPLOAD_RECEIVING || offset != upload->offset)
		return refuse(connection, 409, "it is not there");
	if (header(connection, "Content-Length") &&
	    (!parse_number(header(connection, "Content-Length"), &length) ||
	     length > upload->length - offset))
		return refuse(connection, 413, "more than Upload-Length");
	if (checksum && !read_checksum(checksum, request->expected))
		return refuse(connection, 400, "Upload-Checksum: sha256, in base64");
	if (checksum) {
		request->digest = EVP_MD_CTX_new();
		if (!request->digest ||
		    !EVP_DigestInit_ex2(request->digest, EVP_sha256(), NULL) ||
		    store_mark(&gated->store, upload, true))
			return refuse(connection, 507, "it cannot be stored");
	}
	request->what = WHAT_PATCH;
	request->checked = checksum;
	request->upload = upload;
	request->at = offset;
	upload->busy = true;
	return MHD_YES;
}

static int begin_attestation(struct MHD_Connection *connection, struct upload *upload,
			     struct request *request)
{
	if (upload->busy)
		return refuse(connection, 423, "another request is at it");
	if (upload->attested || upload->state > UPLOAD_WAITING)
		return refuse(connection, 409, "it has one");
	request->what = WHAT_ATTESTATION;
	request->upload = upload;
	upload->busy = true;
	return MHD_YES;
}

static int end_upload(struct gated *gated, struct MHD_Connection *connection,
		      struct upload *upload)
{
	if (upload->busy || upload->state == UPLOAD_QUEUED || upload->state == UPLOAD_DECIDING)
		return refuse(connection, 423, "it is being decided");
	store_remove(&gated->store, upload);
	return answer(connection, 204, "", NULL);
}

static int tell_options(struct gated *gated, struct MHD_Connection *connection)
{
	char most[24];

	snprintf(most, sizeof(most), "%llu", (unsigned long long)gated->policy->max_bytes);
	return answer(connection, 204, "", (const char *const[]){ "Tus-Version", HTTP_TUS,
			"Tus-Extension", "creation,checksum,termination",
			"Tus-Checksum-Algorithm", "sha256", "Tus-Max-Size", most, NULL });
}

static int at_upload(struct gated *gated, struct MHD_Connection *connection, const char *method,
		     const char *subject, const char *rest, struct request *request)
{
	char id[UPLOAD_ID + 1] = "";
	struct upload *upload = NULL;
	const char *sub;

	if (strlen(rest) >= UPLOAD_ID) {
		memcpy(id, rest, UPLOAD_ID);
		upload = store_find(&gated->store, id, subject);
	}
	if (!upload)
		return refuse(connection, 404, "no such upload");
	sub = rest + UPLOAD_ID;
	if (!strcmp(sub, "/attestation"))
		return strcmp(method, "PUT") ? refuse(connection, 405, "PUT") :
					       begin_attestation(connection, upload, request);
	if (*sub)
		return refuse(connection, 404, "no such upload");
	if (!strcmp(method, "HEAD"))
		return tell_offset(connection, 200, upload);
	if (!strcmp(method, "GET"))
		return tell_state(gated, connection, upload);
	if (!strcmp(method, "PATCH"))
		return begin_patch(gated, connection, upload, request);
	if (!strcmp(method, "DELETE"))
		return end_upload(gated, connection, upload);
	return refuse(connection, 405, "HEAD, GET, PATCH, DELETE");
}

static int route(struct gated *gated, struct MHD_Connection *connection, const char *url,
		 const char *method, struct request *request)
{
	const char *version = header(connection, "Tus-Resumable");
	const char *subject = client_of(gated, connection);
	bool plain = !strcmp(method, "GET") || !strcmp(method, "PUT") || !strcmp(method, "OPTIONS");

	if (!subject)
		return refuse(connection, 403, "no client that may");
	if (strncmp(url, HTTP_PREFIX, strlen(HTTP_PREFIX)))
		return refuse(connection, 404, "no such place");
	if (!plain && (!version || strcmp(version, HTTP_TUS)))
		return answer(connection, 412, "", (const char *const[]){ "Tus-Version", HTTP_TUS,
									  NULL });
	url += strlen(HTTP_PREFIX);
	if (!strcmp(method, "OPTIONS"))
		return tell_options(gated, connection);
	if (*url == '/' && url[1])
		return at_upload(gated, connection, method, subject, url + 1, request);
	if (strcmp(method, "POST"))
		return refuse(connection, 405, "POST");
	return create(gated, connection, subject);
}

/**
 * request_begin() - the headers of a request are there
 * @gated:	all
 * @connection:	of libmicrohttpd
 * @url:	the path
 * @method:	of HTTP
 * @request:	takes the request, which request_end() releases
 *
 * Return: MHD_YES or MHD_NO.
 */
int request_begin(struct gated *gated, struct MHD_Connection *connection, const char *url,
		  const char *method, struct request **request)
{
	*request = calloc(1, sizeof(**request));
	return *request ? route(gated, connection, url, method, *request) : MHD_NO;
}

static void take_patch(struct request *request, const char *bytes, size_t len)
{
	struct upload *upload = request->upload;
	ssize_t put;

	if (len > upload->length - request->at) {
		request->status = 413;
		return;
	}
	if (request->checked && !EVP_DigestUpdate(request->digest, bytes, len))
		request->status = 500;
	for (; len && !request->status; bytes += put, len -= put) {
		put = pwrite(upload->fd, bytes, len, request->at);
		if (put <= 0) {
			request->status = 507;
			return;
		}
		request->at += put;
		/* What was not asked to be checked counts at once: it is what a cut leaves. */
		if (!request->checked)
			upload->offset = request->at;
	}
}

static void take_attestation(struct request *request, const char *bytes, size_t len)
{
	char *grown;

	if (len > ATTESTATION_MAX - request->len) {
		request->status = 413;
		return;
	}
	grown = realloc(request->body, request->len + len);
	if (!grown) {
		request->status = 507;
		return;
	}
	memcpy(grown + request->len, bytes, len);
	request->body = grown;
	request->len += len;
}

/**
 * request_body() - some bytes of the body
 * @gated:	all
 * @request:	the request
 * @bytes:	the bytes
 * @len:	how many
 *
 * Return: 0. What cannot be taken is thrown away, and the answer will say so.
 */
int request_body(struct gated *gated, struct request *request, const char *bytes, size_t len)
{
	(void)gated;
	if (request->status)
		return 0;
	if (request->what == WHAT_PATCH)
		take_patch(request, bytes, len);
	else if (request->what == WHAT_ATTESTATION)
		take_attestation(request, bytes, len);
	if (request->upload)
		request->upload->touched = moment_now();
	return 0;
}

/* All of the body is there: does it count? */
static void finish_patch(struct request *request)
{
	struct upload *upload = request->upload;
	u8 sha256[DIGEST_LEN];

	if (request->status)
		return;
	if (request->checked &&
	    (!EVP_DigestFinal_ex(request->digest, sha256, NULL) ||
	     CRYPTO_memcmp(sha256, request->expected, DIGEST_LEN))) {
		request->status = CHECKSUM_MISMATCH;
		return;
	}
	if (fdatasync(upload->fd)) {
		request->status = 507;
		return;
	}
	upload->offset = request->at;
	request->status = 204;
}

static void finish_attestation(struct gated *gated, struct request *request)
{
	struct attestation a;
	struct complaint why;

	if (request->status)
		return;
	/* What is none is refused at once; whether it counts is for the gate to say. */
	request->status = request->len && !attestation_read(&a, request->body, request->len, &why) ?
			  204 : 400;
	if (request->len)
		attestation_free(&a);
	if (request->status == 204 && store_put_file(&gated->store, request->upload, "attestation",
						     request->body, request->len))
		request->status = 507;
	if (request->status == 204)
		request->upload->attested = true;
}

/**
 * request_answer() - all of a request is there
 * @gated:	all
 * @connection:	of libmicrohttpd
 * @request:	the request
 *
 * Return: MHD_YES or MHD_NO.
 */
int request_answer(struct gated *gated, struct MHD_Connection *connection,
		   struct request *request)
{
	/* It was answered when its headers were there. */
	if (request->what == WHAT_ANSWER)
		return MHD_YES;
	if (request->what == WHAT_PATCH)
		finish_patch(request);
	else
		finish_attestation(gated, request);
	return tell_offset(connection, request->status, request->upload);
}

/**
 * request_end() - a request is over, or was cut off
 * @gated:	all
 * @request:	released
 */
void request_end(struct gated *gated, struct request *request)
{
	struct upload *upload = request->upload;

	if (upload) {
		upload->busy = false;
		if (request->what == WHAT_PATCH && request->checked) {
			/* Bytes that were not found to be right are none. */
			if (!ftruncate(upload->fd, upload->offset))
				store_mark(&gated->store, upload, false);
		}
		if (upload->state <= UPLOAD_WAITING)
			store_advance(upload);
	}
	EVP_MD_CTX_free(request->digest);
	free(request->body);
	free(request);
}
