package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.recipes.view.WorkerView;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Who compresses the blocks of the tenant's jobs, and what each of them has in work. */
@RestController
final class WorkersController {
    private final WorkerRepository workers;

    WorkersController(WorkerRepository workers) {
        this.workers = workers;
    }

    @GetMapping("/api/v1/workers")
    WorkerView.Page list(Caller caller) {
        return new WorkerView.Page(workers.list(caller.tenant()));
    }
}
