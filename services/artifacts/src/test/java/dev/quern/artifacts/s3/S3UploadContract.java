package dev.quern.artifacts.s3;

import dev.quern.artifacts.UploadContract;
import dev.quern.artifacts.Uploads;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Uploads to an S3 server, with a client that knows nothing but the addresses. */
abstract class S3UploadContract extends UploadContract {
    @Override
    protected Answer put(Uploads uploads, URI address, byte[] content) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            String etag = answer.headers()
                    .firstValue("ETag")
                    .map(tag -> tag.replace("\"", ""))
                    .orElse(null);
            return new Answer(answer.statusCode(), etag);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    protected String forge(String address) {
        return address.replace("partNumber=1", "partNumber=2");
    }
}
