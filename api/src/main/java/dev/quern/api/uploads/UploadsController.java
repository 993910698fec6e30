package dev.quern.api.uploads;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.StoreAccess;
import dev.quern.artifacts.NoSuchUploadException;
import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.Uploads;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.upload.Upload;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.UploadView;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Uploads: announce files, send their parts to signed addresses, complete. What the tenant has already is not sent. */
@RestController
@RequestMapping("/api/v1/uploads")
final class UploadsController {
    private static final int MAX_PAGE = 200;
    private static final String PARTS = "/api/v1/uploads/parts";

    private final UploadService uploads;
    private final StoreAccess store;

    UploadsController(UploadService uploads, StoreAccess store) {
        this.uploads = uploads;
        this.store = store;
    }

    /** The same files, while an upload of them is open, are that upload. */
    @PostMapping
    ResponseEntity<UploadView> open(@RequestBody UploadView.Request request, Caller caller) throws IOException {
        UploadCheck.check(request);
        UploadView upload = uploads.open(caller.principal(), request);
        return ResponseEntity.created(URI.create("/api/v1/uploads/" + upload.id()))
                .body(upload);
    }

    @GetMapping
    UploadView.Page list(
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "50") int limit,
            Caller caller) {
        if (limit < 1 || limit > MAX_PAGE) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "limit: " + limit + " (expected: 1 to " + MAX_PAGE + ")");
        }
        return uploads.list(caller.tenant(), cursor, limit);
    }

    @GetMapping("/{id}")
    UploadView show(@PathVariable String id, Caller caller) throws IOException {
        return uploads.view(uploads.find(caller.tenant(), id));
    }

    /** An address that has expired is replaced by asking again. */
    @PostMapping("/{id}/parts")
    UploadView.Parts address(
            @PathVariable String id,
            @RequestBody UploadView.PartsRequest request,
            Caller caller,
            HttpServletRequest servlet)
            throws IOException {
        // The Host was found to be ours before the request got here.
        URI receiver = URI.create(servlet.getScheme() + "://" + servlet.getHeader("Host") + PARTS);
        return uploads.address(uploads.find(caller.tenant(), id), request, receiver);
    }

    @PostMapping("/{id}/complete")
    UploadView complete(@PathVariable String id, Caller caller) throws IOException {
        return uploads.complete(uploads.find(caller.tenant(), id));
    }

    /** The key that opened it may do so, and an admin. */
    @DeleteMapping("/{id}")
    ResponseEntity<Void> delete(@PathVariable String id, Caller caller) throws IOException {
        Upload upload = uploads.find(caller.tenant(), id);
        if (!upload.principal().equals(caller.principal().name())) {
            caller.require(Scope.ADMIN, "delete");
        }
        uploads.delete(upload);
        return ResponseEntity.noContent().build();
    }

    /** Takes a part for a store without a server of its own. The token of the address is all that a sender needs. */
    @PutMapping("/parts")
    ResponseEntity<Void> receive(@RequestParam(defaultValue = "") String token, HttpServletRequest request)
            throws IOException {
        long length = request.getContentLengthLong();
        long most = Uploads.partSize(UploadCheck.MAX_FILE);
        if (length < 0 || length > most) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "Content-Length: " + (length < 0 ? "missing" : length) + " (expected: at most " + most + ")");
        }
        try {
            Uploads.Part part = store.get().uploads().receive(token, request.getInputStream());
            return ResponseEntity.ok().eTag("\"" + part.etag() + "\"").build();
        } catch (StoreForbiddenException e) {
            throw new QuernException(
                    ErrorCode.ADDRESS_EXPIRED,
                    e.getMessage()
                            + " (expected: an address that POST /api/v1/uploads/{id}/parts gave out; ask it again)",
                    e);
        } catch (NoSuchUploadException e) {
            throw new QuernException(ErrorCode.NOT_FOUND, String.valueOf(e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND, "parts: not taken here (expected: the address that the store signed)", e);
        }
    }
}
