"""Parameters and records, each read once a call."""

from functools import cache

from stages import parameters, record

load_campaign = cache(parameters.load_campaign)
load_run = cache(parameters.load_run)
load_prices = cache(parameters.load_prices)
load_record = cache(record.load_record)
