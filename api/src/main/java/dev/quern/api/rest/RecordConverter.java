package dev.quern.api.rest;

import dev.quern.api.problem.Problem;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;

/**
 * Our records as bodies, through the codec that also reads recipes: strict, bounded, with a JSON pointer for every wrong value.
 */
public final class RecordConverter extends AbstractHttpMessageConverter<Record> {
    private final int maxBytes;

    public RecordConverter(int maxBytes) {
        super(StandardCharsets.UTF_8, MediaType.APPLICATION_JSON, MediaType.parseMediaType(Problem.MEDIA_TYPE));
        this.maxBytes = maxBytes;
    }

    @Override
    protected boolean supports(Class<?> type) {
        return type.isRecord() && type.getName().startsWith("dev.quern.");
    }

    @Override
    protected Record readInternal(Class<? extends Record> type, HttpInputMessage input) throws IOException {
        // One byte more than allowed tells a full body from one that was cut.
        byte[] body = input.getBody().readNBytes(maxBytes + 1);
        if (body.length > maxBytes) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "body: longer (expected: at most " + maxBytes + " bytes)");
        }
        return RecordCodec.read(Json.parse(body), type);
    }

    @Override
    protected void writeInternal(Record record, HttpOutputMessage output) throws IOException {
        output.getBody().write(Json.write(RecordCodec.writeObject(record)).getBytes(StandardCharsets.UTF_8));
    }
}
