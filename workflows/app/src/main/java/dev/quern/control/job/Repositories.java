package dev.quern.control.job;

import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.StepRepository;

/** The repositories that the control process writes. */
public record Repositories(
        JobRepository jobs,
        StepRepository steps,
        BoardRepository board,
        EventRepository events,
        ReportRepository reports,
        OutputRepository outputs) {}
