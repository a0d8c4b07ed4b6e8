#!/usr/bin/perl
# make_mmdb - makes a small MaxMind DB file from a list of networks on stdin.
# SPDX-License-Identifier: BSD-3-Clause
#
# make_mmdb.pl [--ipv4] [--alias] [--record-size 24|28|32] KIND OUTPUT < LIST
#
# A line of the list is "prefix key=value ...", with the keys country, subdivision (any number) and asn; empty lines and
# lines with # are passed over. A later network overrides an earlier one around it. KIND says what goes into the file:
#   city   country.iso_code and subdivisions[].iso_code, as in GeoLite2-City
#   asn    autonomous_system_number, a number, as in GeoLite2-ASN
#   flat   country_code and asn, both text
# --ipv4: a file for IPv4 alone, networks of IPv6 are left out. --alias: ::ffff:0:0/96 and 2002::/16 lead to the IPv4 tree.
use strict;
use warnings;
use Getopt::Long;
use MaxMind::DB::Writer::Tree;

my ($ipv4, $alias, $size) = (0, 0, 24);
GetOptions('ipv4' => \$ipv4, 'alias' => \$alias, 'record-size=i' => \$size) && @ARGV == 2 && $ARGV[0] =~ /^(city|asn|flat)$/
    or die "usage: make_mmdb.pl [--ipv4] [--alias] [--record-size 24|28|32] city|asn|flat OUTPUT < LIST\n";
my ($kind, $output) = @ARGV;

my %types = (
	autonomous_system_number => 'uint32',
	subdivisions => ['array', 'map'],
	country => 'map',
);
my $tree = MaxMind::DB::Writer::Tree->new(
	ip_version => $ipv4 ? 4 : 6,
	record_size => $size,
	database_type => "Turnout-Test-$kind",
	description => {en => 'made by make_mmdb.pl'},
	alias_ipv6_to_ipv4 => $alias,
	remove_reserved_networks => 0,
	map_key_type_callback => sub { $types{$_[0]} // 'utf8_string' },
);

sub record {
	my %said = @_;
	my ($country, $asn) = (($said{country} // [])->[0], ($said{asn} // [])->[0]);
	return {defined $asn ? (autonomous_system_number => $asn) : ()} if $kind eq 'asn';
	return {defined $country ? (country_code => $country) : (), defined $asn ? (asn => "AS$asn") : ()} if $kind eq 'flat';
	my @parts = map { {iso_code => $_} } @{$said{subdivision} // []};
	return {defined $country ? (country => {iso_code => $country}) : (), @parts ? (subdivisions => \@parts) : ()};
}

while (my $line = <STDIN>) {
	$line =~ s/#.*//;
	my ($prefix, @words) = split ' ', $line;
	next unless defined $prefix;
	next if $ipv4 && $prefix =~ /:/;
	my %said;
	for my $word (@words) {
		$word =~ /^(country|subdivision|asn)=(\w+)$/ or die "line $.: \"$word\" is not country=, subdivision= or asn=\n";
		push @{$said{$1}}, $2;
	}
	my $record = record(%said);
	$tree->insert_network($prefix, $record) if %$record;
}

open my $file, '>:raw', $output or die "$output: $!\n";
$tree->write_tree($file);
close $file or die "$output: $!\n";
