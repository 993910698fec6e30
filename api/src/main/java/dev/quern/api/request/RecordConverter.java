package dev.quern.api.request;

import dev.quern.api.caller.BodyBudget;
import dev.quern.api.problem.Problem;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.UploadView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;

/**
 * Our records as bodies, through the codec that also reads recipes: strict, bounded, with a JSON pointer for every
 * wrong value.
 */
public final class RecordConverter extends AbstractHttpMessageConverter<Record> {
    /** What the largest sensible body of any other type takes; only the files of an upload are more. */
    private static final int MOST = 128 << 10;

    private final int maxBytes;
    private final BodyBudget budget;

    /** @param maxBytes of a body */
    public RecordConverter(int maxBytes, BodyBudget budget) {
        super(StandardCharsets.UTF_8, MediaType.APPLICATION_JSON, MediaType.parseMediaType(Problem.MEDIA_TYPE));
        this.maxBytes = maxBytes;
        this.budget = budget;
    }

    @Override
    protected boolean supports(Class<?> type) {
        return type.isRecord() && type.getName().startsWith("dev.quern.");
    }

    @Override
    protected Record readInternal(Class<? extends Record> type, HttpInputMessage input) throws IOException {
        int most = type == UploadView.Request.class ? maxBytes : Math.min(MOST, maxBytes);
        byte[] body = budget.read(input.getBody(), most);
        return RecordCodec.read(Json.parse(body), type);
    }

    @Override
    protected void writeInternal(Record record, HttpOutputMessage output) throws IOException {
        output.getBody().write(Json.write(RecordCodec.writeObject(record)).getBytes(StandardCharsets.UTF_8));
    }
}
