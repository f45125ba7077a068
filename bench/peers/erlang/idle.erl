%% Processes that wait for a message; see bench/actors/idle.spl.
-module(idle).
-export([main/1]).

%% How many are started at a time.
-define(BATCH, 1000).

main(Args) ->
    Actors = bench:size(Args, 1000000),
    bench:finish(fun() ->
        stop_here(),
        Pids = make(0, Actors, []),
        stop_here(),
        [Pid ! {question, 1} || Pid <- Pids],
        Sum = bench:sum(Actors, 0),
        Sum = Actors * (Actors + 1) div 2,
        io:format("~b idle: ~b~n", [Actors, Sum])
    end).

make(Actors, Actors, Pids) ->
    Pids;
make(Made, Actors, Pids) ->
    Batch = min(?BATCH, Actors - Made),
    Me = self(),
    More = [spawn(fun() -> waiting(N, Me) end) || N <- lists:seq(Made, Made + Batch - 1)],
    Batch = bench:sum(Batch, 0),
    make(Made + Batch, Actors, More ++ Pids).

waiting(N, To) ->
    To ! 1,
    receive
        {question, Question} -> To ! N + Question
    end.

%% Lets somebody look.
stop_here() ->
    io:format("ready~n"),
    io:get_line("").
