package dev.quern.api.pages;

import dev.quern.api.html.Layout;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;

/**
 * What the {@code type} of a problem leads to: what it means and what to do about it. Open to all, for it says nothing
 * of anybody.
 */
@Controller
final class ProblemsController {
    private static final Map<ErrorCode, String> MEANING = new EnumMap<>(ErrorCode.class);

    static {
        MEANING.put(
                ErrorCode.INVALID_REQUEST,
                "A value of the request is outside its range. Each violation has a JSON pointer to the value.");
        MEANING.put(
                ErrorCode.MALFORMED_REQUEST,
                "The server cannot read the request: the body is missing, cut off or not JSON, or the address is not "
                        + "valid. The detail says where.");
        MEANING.put(
                ErrorCode.METHOD_NOT_ALLOWED,
                "This address does not take this HTTP method. /docs lists the methods of each address.");
        MEANING.put(
                ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                "Send bodies with Content-Type: application/json, and accept application/json.");
        MEANING.put(ErrorCode.INVALID_RECIPE, "The recipe cannot be read, or a value of it is outside its range.");
        MEANING.put(
                ErrorCode.INVALID_CHECKPOINT,
                "A file, header, tensor or config of the checkpoint is missing or damaged. "
                        + "Download the checkpoint again.");
        MEANING.put(ErrorCode.UNSUPPORTED_ARCHITECTURE, "The model's type, or an option of it, is not implemented.");
        MEANING.put(
                ErrorCode.UNSAFE_CHECKPOINT,
                "Only safetensors are read. Pickles, code and archives are refused: use the "
                        + "safetensors files of the model.");
        MEANING.put(ErrorCode.ALREADY_QUANTIZED, "The source is a quantized model. Compress the original one.");
        MEANING.put(ErrorCode.NON_FINITE_WEIGHTS, "A weight is NaN or infinite: the checkpoint is damaged.");
        MEANING.put(
                ErrorCode.NON_FINITE_INPUTS, "The original model overflows on the calibration text. Use another text.");
        MEANING.put(
                ErrorCode.INVALID_DATASET, "The text for calibration or evaluation cannot be read or is too short.");
        MEANING.put(
                ErrorCode.SHAPE_MISMATCH,
                "The model's linears and the recipe do not fit each other: for example, the "
                        + "group does not divide the columns.");
        MEANING.put(
                ErrorCode.OUTPUT_TAKEN,
                "Another job or output holds this place. Choose another name, or delete that job.");
        MEANING.put(ErrorCode.OUTPUT_DAMAGED, "A file of the output does not match its manifest.");
        MEANING.put(ErrorCode.SOURCE_CHANGED, "The source changed while the job ran. Submit the job again.");
        MEANING.put(ErrorCode.DATA_FORMAT, "Another version of Quern wrote the data folder.");
        MEANING.put(ErrorCode.NOT_FOUND, "There is no such thing, or it belongs to another tenant.");
        MEANING.put(
                ErrorCode.CONFLICT, "The thing is in a state that does not allow this. The detail names the state.");
        MEANING.put(
                ErrorCode.UNAUTHENTICATED,
                "The request has no valid key. Send Authorization: Bearer with a key; a key "
                        + "may have expired or been revoked.");
        MEANING.put(
                ErrorCode.FORBIDDEN,
                "The key is valid, but its scope does not include this; or a page of another site " + "asked.");
        MEANING.put(ErrorCode.ADDRESS_EXPIRED, "The address of a part has expired. Ask for a new one.");
        MEANING.put(ErrorCode.MEMORY_BUDGET, "The job does not fit in the memory of the workers.");
        MEANING.put(ErrorCode.DISK_BUDGET, "A disk or the store is full. Make room, then retry the job.");
        MEANING.put(ErrorCode.OUT_OF_MEMORY, "A worker ran out of memory. Retry with fewer workers on the machine.");
        MEANING.put(ErrorCode.LIMIT_EXCEEDED, "The job waited or ran longer than its limits allow.");
        MEANING.put(
                ErrorCode.TOO_MANY_REQUESTS,
                "This caller has too many requests, streams or unfinished jobs. Try again "
                        + "after the seconds that Retry-After names.");
        MEANING.put(
                ErrorCode.UNAVAILABLE,
                "The server is busy, or its database, store or control process does not answer. "
                        + "Try again after the seconds that Retry-After names.");
        MEANING.put(
                ErrorCode.NATIVE_LIBRARY,
                "A native library does not open on the machine of a worker or of the control process. quern doctor says why.");
        MEANING.put(
                ErrorCode.WORKER_FAILED,
                "The workers that this installation starts itself do not come up. The reason of the job has the cause and the log.");
        MEANING.put(ErrorCode.INTERNAL, "A defect of Quern. The server's log has the details; please report it.");
    }

    @GetMapping("/problems/{slug}")
    ResponseEntity<String> problem(@PathVariable String slug) {
        ErrorCode code = Arrays.stream(ErrorCode.values())
                .filter(one -> one.slug().equals(slug))
                .findFirst()
                .orElseThrow(() -> new QuernException(
                        ErrorCode.NOT_FOUND, "problem: " + slug + " (expected: the type of a problem)"));
        String kind = switch (code.kind()) {
            case USER -> "The same request fails again: change it.";
            case RESOURCES -> "The same request may succeed later.";
            case INTERNAL -> "";
        };
        return ResponseEntity.ok()
                .contentType(MediaType.parseMediaType("text/html;charset=UTF-8"))
                .body(Layout.page(slug, null, Html.EMPTY, Html.of("""
                                <article class="doc"><h2>{}</h2><p>{}</p><p>{}</p><p><a href="/docs">The API</a></p></article>
                                """, slug, MEANING.get(code), kind)));
    }
}
